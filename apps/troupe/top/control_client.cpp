#include "top/control_client.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

constexpr std::chrono::milliseconds patience{5'000};
constexpr std::size_t longest_answer = std::size_t{64} << 20;

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::generic_category().message(error));
}

long long now_in_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
    std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

bool would_block(int error) noexcept {
  return error == EAGAIN || error == EINTR;
}

} // namespace

control_client::control_client(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path)
    throw std::runtime_error("the path of its socket is too long");
  std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    fail("making a socket", errno);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    fail("connecting to it", error);
  }
  fd_ = fd;
}

control_client::control_client(control_client&& other) noexcept
  : fd_(std::exchange(other.fd_, -1))
  , rest_(std::move(other.rest_)) {}

control_client& control_client::operator=(control_client&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(rest_, other.rest_);
  return *this;
}

control_client::~control_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

void control_client::wait(short events, long long deadline) const {
  pollfd watched{fd_, events, 0};
  const auto left = std::max(0LL, deadline - now_in_milliseconds());
  if (::poll(&watched, 1, static_cast<int>(left)) == 0)
    throw std::runtime_error("it does not answer: its event loop is busy, or it is stopped");
}

std::string control_client::ask(std::string_view line) {
  const auto deadline = now_in_milliseconds() + patience.count();
  for (auto left = std::string(line) + "\n"; !left.empty();) {
    const auto sent = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0)
      left.erase(0, static_cast<std::size_t>(sent));
    else if (would_block(errno))
      wait(POLLOUT, deadline);
    else
      fail("asking it", errno);
  }
  for (;;) {
    if (const auto end = rest_.find('\n'); end != std::string::npos) {
      auto answer = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return answer;
    }
    char buffer[16 * 1024];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0)
      rest_.append(buffer, static_cast<std::size_t>(got));
    else if (got == 0)
      throw std::runtime_error("it has hung up: it has ended, or too many watch it already");
    else if (would_block(errno))
      wait(POLLIN, deadline);
    else
      fail("reading its answer", errno);
    if (rest_.size() > longest_answer)
      throw std::runtime_error("its answer is too long");
  }
}

bool control_client::receive() {
  rest_.erase(0, std::exchange(taken_, 0));
  char buffer[64 * 1024];
  const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
  if (got < 0 && errno == ECONNRESET)
    return false; // it has not read all that was said to it
  if (got < 0 && !would_block(errno))
    fail("reading its events", errno);
  if (got > 0)
    rest_.append(buffer, static_cast<std::size_t>(got));
  if (rest_.size() > longest_answer)
    throw std::runtime_error("a line of it is too long");
  return got != 0;
}

void control_client::end_stream() const noexcept {
  static_cast<void>(::send(fd_, "\n", 1, MSG_NOSIGNAL));
}

bool control_client::take_line(std::string& line) {
  const auto end = rest_.find('\n', taken_);
  if (end == std::string::npos)
    return false;
  line.assign(rest_, taken_, end - taken_);
  taken_ = end + 1;
  return true;
}

} // namespace troupe_cli
