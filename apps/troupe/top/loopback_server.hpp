#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe_cli {

/// GET or HEAD of something; what asks for anything else is not let through.
struct web_request {
  std::string_view target; ///< with its query
  std::string_view host;   ///< of the Host header; empty if there is none, or several
};

struct web_reply {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool events = false; ///< instead of `body`: the server's events, until the reader leaves
};

struct loopback_limits {
  int connections = 8; ///< at a time; further ones are hung up on
  int readers = 0;     ///< of events, at a time, of those connections; further ones are refused
  /// How long a client may take to ask, or to take what it is sent, before it is hung up on.
  std::chrono::milliseconds patience{10'000};
};

/// An HTTP server on 127.0.0.1. No client holds up another, whatever it does. It runs on the thread that calls `run`, one
/// at a time; `stop` can be called on any.
class loopback_server {
public:
  using answer_function = std::function<web_reply(const web_request&)>;

  /// Listens; port 0: on any that is free. Throws `std::runtime_error` if the port cannot be had.
  loopback_server(int port, answer_function answer, const loopback_limits& limits);
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;
  ~loopback_server();

  int port() const;

  /// `make` says what the readers of events are sent. It is called on a thread of its own, so it may take its time: for all
  /// readers once, as often as once in `interval`, and never while there are none. A reader that is slower than that misses
  /// some. To be called before `run`.
  void send_events(std::chrono::milliseconds interval, std::function<std::string()> make);

  /// Serves until `stop` is called.
  void run();
  void stop();
  /// Serves until SIGINT, SIGTERM or SIGHUP comes; the exit code of a program that ends by it.
  int run_until_signal();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe_cli
