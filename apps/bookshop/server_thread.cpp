#include "server_thread.hpp"

#include <boost/asio/io_context.hpp>

#include <thread>

namespace bookshop {

struct server_thread::state {
  explicit state(const server_options& options)
    : shop(context, options)
    , thread([this] { context.run(); }) {}
  state(const state&) = delete;
  ~state() {
    context.stop();
    thread.join();
  }

  boost::asio::io_context context{1};
  server shop;
  std::thread thread;
};

server_thread::server_thread(const server_options& options)
  : state_(std::make_unique<state>(options)) {}

server_thread::~server_thread() = default;

std::uint16_t server_thread::port() const {
  return state_->shop.port();
}

} // namespace bookshop
