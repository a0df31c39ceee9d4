#pragma once

#include "server.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace bookshop {

/// A shop inside of another program, which serves from a thread of its own.
class server_thread {
public:
  explicit server_thread(const server_options& options = {});
  server_thread(const server_thread&) = delete;
  server_thread& operator=(const server_thread&) = delete;
  ~server_thread();

  std::uint16_t port() const;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()) + "/"; }

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace bookshop
