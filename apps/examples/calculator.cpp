// A server with options (CLI11) and threads of its own, one for each connection. What it computes runs in children:
// a division by zero ends one of them, and the client reads why.
#include <troupe/child_entry.hpp>
#include <troupe/pool.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using boost::asio::ip::tcp;

// "7 / 2" for example. Nothing here is careful.
long compute(std::string line) {
  std::istringstream in(line);
  long left = 0;
  char sign = 0;
  volatile long right = 0;
  long read = 0;
  if (!(in >> left >> sign >> read))
    throw std::invalid_argument("not a number, a sign and a number");
  right = read;
  switch (sign) {
  case '+':
    return left + right;
  case '-':
    return left - right;
  case '*':
    return left * right;
  case '/':
    return left / right; // SIGFPE
  default:
    throw std::invalid_argument(std::string("no such sign: ") + sign);
  }
}

void serve(tcp::iostream client, troupe::pool& pool) {
  for (std::string line; std::getline(client, line);) {
    try {
      client << pool.apply(compute, line).get() << std::endl;
    } catch (const std::exception& e) {
      client << "error: " << e.what() << std::endl;
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  troupe::child_entry(
    argc, argv); // what follows does not run in children: neither the options nor the port

  CLI::App app{"Adds, subtracts, multiplies and divides, a line at a time."};
  std::uint16_t port = 0;
  std::size_t processes = 2;
  int clients = 0;
  app.add_option("--port", port, "where to listen on loopback; 0: any free port");
  app.add_option("--processes", processes, "the number of children");
  app.add_option("--clients", clients, "ends after that many clients; 0: never");
  CLI11_PARSE(app, argc, argv);

  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = processes, .name = "calculator"}};
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), port});
  std::cout << "listening on port " << acceptor.local_endpoint().port() << std::endl;

  std::vector<std::jthread> threads; // end before the pool does
  for (int served = 0; clients == 0 || served < clients; ++served) {
    tcp::iostream client;
    acceptor.accept(client.socket());
    threads.emplace_back(
      [&pool, client = std::move(client)]() mutable { serve(std::move(client), pool); });
  }
}
