#pragma once

#include "server.hpp"

#include <string>
#include <thread>

namespace bookshop {

/// A shop inside of another program, which serves from a thread of its own.
class server_thread {
public:
  explicit server_thread(const server_options& options = {})
    : server_(context_, options)
    , thread_([this] { context_.run(); }) {}
  server_thread(const server_thread&) = delete;
  server_thread& operator=(const server_thread&) = delete;
  ~server_thread() {
    context_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return server_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()) + "/"; }

private:
  boost::asio::io_context context_{1};
  server server_;
  std::thread thread_;
};

} // namespace bookshop
