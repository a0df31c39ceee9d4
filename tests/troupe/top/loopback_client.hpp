#pragma once

#include "base/unique_fd.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <cstdint>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace troupe::test {

inline sockaddr_in loopback_address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A connection to a server on loopback. What it waits for comes within a time that only guards against a hang.
class loopback_client {
public:
  /// `buffer`: bytes that the kernel keeps of what it does not read; 0: as many as it likes.
  explicit loopback_client(int port, int buffer = 0)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{60, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (buffer > 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    const auto address = loopback_address(port);
    connected_ =
      ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  bool send(const std::string& text) const {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  /// GET, with a Host header.
  bool ask(const std::string& target, const std::string& host = "localhost") const {
    return send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  }
  /// What comes until it has had `end`, or all until the server hangs up; empty if that does not come.
  std::string read_until(const std::string& end) {
    for (;;) {
      if (const auto at = rest_.find(end); !end.empty() && at != std::string::npos) {
        auto text = rest_.substr(0, at + end.size());
        rest_.erase(0, text.size());
        return text;
      }
      char buffer[16 * 1024];
      const auto count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (count < 0 &&
          errno == EINTR) // a wait with a limit is not gone on with, once a tracer has stopped it
        continue;
      if (count <= 0)
        return end.empty() ? std::move(rest_) : std::string();
      rest_.append(buffer, static_cast<std::size_t>(count));
    }
  }
  std::string read_all() { return read_until({}); }

private:
  troupe::base::unique_fd fd_;
  bool connected_ = false;
  std::string rest_;
};

/// What a server answers to a request, until it hangs up; empty if there is none.
inline std::string answer_to(int port, const std::string& request) {
  loopback_client client(port);
  return client.connected() && client.send(request) ? client.read_all() : std::string();
}

/// The same for GET.
inline std::string get(int port, const std::string& target, const std::string& host = "localhost") {
  loopback_client client(port);
  return client.connected() && client.ask(target, host) ? client.read_all() : std::string();
}

/// A port of loopback that is taken while this lives.
class listening_socket {
public:
  listening_socket()
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback_address(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd_.get(), 1) == 0);
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

private:
  troupe::base::unique_fd fd_;
  int port_ = 0;
};

/// A port that was free a moment ago.
inline int free_port() {
  return listening_socket().port();
}

} // namespace troupe::test
