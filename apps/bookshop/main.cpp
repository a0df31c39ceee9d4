// A shop of 1000 books on the loopback interface, to be scraped.
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <map>

namespace {

void serve(const bookshop::server_options& options) {
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, int) { context.stop(); });
  const bookshop::server server(context, options);
  std::cout << "listening on http://127.0.0.1:" << server.port() << "/" << std::endl;
  context.run();
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("A shop of 1000 books on 127.0.0.1, to be scraped", "bookshop");
  bookshop::server_options options;
  unsigned latency_ms = 0;
  app.add_option("--port", options.port, "TCP port; 0: any free one");
  app.add_option("--latency", latency_ms, "Added to each request, for example 50ms")
    ->transform(CLI::AsNumberWithUnit(std::map<std::string, unsigned>{{"ms", 1}, {"s", 1000}},
      CLI::AsNumberWithUnit::UNIT_REQUIRED));
  try {
    app.parse(argc, argv);
    options.latency = std::chrono::milliseconds(latency_ms);
    serve(options);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const boost::system::system_error& e) {
    std::cerr << "bookshop: port " << options.port << ": " << e.code().message() << '\n';
    return 1;
  } catch (const std::exception& e) {
    std::cerr << "bookshop: " << e.what() << '\n';
    return 1;
  }
}
