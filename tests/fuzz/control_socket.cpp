// Whatever comes over the socket by which a process is watched: each line gets one answer, which is one line, and a line
// that is too long ends the connection. Nothing waits for ever: see monitor/watcher.hpp.
#include "fuzz/target.hpp"
#include "monitor/messages.hpp"
#include "monitor/watcher.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace troupe;

namespace {

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "this does not hold: %s\n", what);
  std::abort();
}

std::string answer_to(std::string_view line) {
  try {
    switch (monitor::parse_request(line).what) {
    case monitor::watcher_request::kind::status:
      return monitor::status_line({});
    case monitor::watcher_request::kind::stack:
      return monitor::stack_line({});
    default:
      return monitor::done_line();
    }
  } catch (const std::runtime_error& problem) {
    return monitor::error_line(problem.what());
  }
}

bool is_answer(std::string_view line) {
  return line.starts_with('{') && line.ends_with('}') &&
         std::none_of(line.begin(), line.end(), [](char c) { return c >= 0 && c < 0x20; });
}

// Reads what there is; false at the end.
bool read_some(int socket, std::string& to) {
  char buffer[4096];
  for (;;) {
    const auto count = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0)
      return count < 0;
    to.append(buffer, static_cast<std::size_t>(count));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) != 0)
    broken("there are sockets");
  base::unique_fd own(sockets[0]);
  boost::asio::io_context io;
  std::size_t asked = 0;
  bool ended = false;
  const auto watcher = monitor::watcher::start(
    io, base::unique_fd(sockets[1]),
    [&](const std::shared_ptr<monitor::watcher>& from, std::string_view line) {
      ++asked;
      monitor::owed_answer answer(from);
      if (line.size() % 7 != 0) // else nobody answers
        answer.give(answer_to(line));
    },
    [&] { ended = true; });
  std::string answers;
  for (std::size_t sent = 0; sent < size && !ended;) {
    const auto count = ::send(own.get(), data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0)
      sent += static_cast<std::size_t>(count);
    io.poll();
    io.restart();
    read_some(own.get(), answers);
  }
  ::shutdown(own.get(), SHUT_WR);
  while (!ended) {
    io.poll();
    io.restart();
    read_some(own.get(), answers);
  }
  read_some(own.get(), answers);

  const std::string_view sent(reinterpret_cast<const char*>(data), size);
  std::size_t lines = 0;
  for (std::string_view rest = answers; !rest.empty(); ++lines) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos || !is_answer(rest.substr(0, end)))
      broken("an answer is a line, and an object");
    rest.remove_prefix(end + 1);
  }
  // What is too long gets an answer as well.
  if (lines != asked && lines != asked + 1)
    broken("each line has one answer");
  if (asked > static_cast<std::size_t>(std::count(sent.begin(), sent.end(), '\n')))
    broken("what is answered was asked");
  return 0;
}
