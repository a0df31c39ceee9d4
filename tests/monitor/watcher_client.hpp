#pragma once

#include "base/unique_fd.hpp"

#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::test {

/// A connection to the control socket of a process, as a stranger would write it.
class watcher_client {
public:
  explicit watcher_client(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect to " + path + ": " + std::strerror(errno));
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        throw std::runtime_error("the other end is closed");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// What could be sent before the other end takes no more.
  std::size_t flood(std::string_view text) const {
    std::size_t all = 0;
    for (;;) {
      const auto sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0)
        return all;
      all += static_cast<std::size_t>(sent);
    }
  }
  /// The next line, without its end; empty if the other end is closed. Throws if it takes a minute.
  std::string line() {
    for (;;) {
      if (const auto end = got_.find('\n'); end != std::string::npos) {
        auto result = got_.substr(0, end);
        got_.erase(0, end + 1);
        return result;
      }
      pollfd readable{fd_.get(), POLLIN, 0};
      if (::poll(&readable, 1, 60'000) <= 0)
        throw std::runtime_error("there is no answer");
      char buffer[4096];
      const auto count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (count <= 0)
        return {};
      got_.append(buffer, static_cast<std::size_t>(count));
    }
  }
  std::string ask(std::string_view question) {
    send(std::string(question) + "\n");
    return line();
  }

private:
  base::unique_fd fd_;
  std::string got_;
};

} // namespace troupe::test
