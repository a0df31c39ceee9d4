#include <troupe/testing/fork_tests.hpp>

#include "child/zygote/clone_sibling.hpp"
#include "os/command_line.hpp"
#include "os/thread_count.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::testing::detail {
namespace {

constexpr int exit_not_begun = 127;

/// What is asked for: a process with these texts and descriptors.
struct order {
  order_head head;
  int output = -1;
  int beginning = -1;
  std::vector<char> texts;

  /// Whether there are as many texts as the head says.
  bool is_whole() const {
    std::size_t ends = 0;
    for (const char c : texts)
      ends += c == '\0' ? 1u : 0u;
    return head.arguments > 0 && !texts.empty() && texts.back() == '\0' &&
           ends == std::size_t{1} + head.variables + head.arguments;
  }
};

/// The place in the first environment of this process where the mark stands, which others read in /proc.
struct mark_place {
  char* at = std::getenv("TROUPE_COMMAND");
  std::size_t size = at == nullptr ? 0 : std::strlen(at);
};

bool read_all(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const auto got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int fd, const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const auto sent = ::send(fd, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// The head with its descriptors comes as it was sent, in one piece.
bool read_head(int socket, order& to) {
  iovec part{&to.head, sizeof to.head};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* attached = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (attached == nullptr || attached->cmsg_type != SCM_RIGHTS ||
      attached->cmsg_len != CMSG_LEN(2 * sizeof(int)))
    return false;
  std::array<int, 2> descriptors{};
  std::memcpy(descriptors.data(), CMSG_DATA(attached), sizeof descriptors);
  to.output = descriptors[0];
  to.beginning = descriptors[1];
  return read_all(socket, reinterpret_cast<char*>(&to.head) + got,
    sizeof to.head - static_cast<std::size_t>(got));
}

bool read_order(int socket, order& to) {
  if (!read_head(socket, to) || to.head.bytes > most_order_bytes)
    return false;
  to.texts.resize(to.head.bytes);
  return read_all(socket, to.texts.data(), to.texts.size()) && to.is_whole();
}

void close_all(const order& what) {
  ::close(what.output);
  ::close(what.beginning);
}

/// Only what the caller says of it makes the new process begin: meanwhile it may be traced, say.
void await_beginning(const order& what) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char begin = 0;
  if (!read_all(what.beginning, &begin, 1))
    ::_exit(exit_not_begun);
}

/// In the new process: it becomes the one that is asked for.
void become(order& what, const mark_place& mark, int& argc, char**& argv) {
  await_beginning(what);
  ::setsid();
  if (::dup2(what.output, STDOUT_FILENO) < 0 || ::dup2(what.output, STDERR_FILENO) < 0)
    ::_exit(exit_not_begun);
  close_all(what);

  // They live as long as the process, and are known to whoever looks for leaks.
  static const auto* const texts = new std::vector<char>(std::move(what.texts));
  static auto* const arguments = new std::vector<char*>;
  char* text = const_cast<char*>(texts->data());
  const auto next = [&text] { return std::exchange(text, text + std::strlen(text) + 1); };
  const char* const new_mark = next();
  if (const auto size = std::strlen(new_mark); size <= mark.size) {
    std::memset(mark.at, 0, mark.size);
    std::memcpy(mark.at, new_mark, size);
  }
  for (unsigned i = 0; i < what.head.variables; ++i)
    ::putenv(next());
  for (unsigned i = 0; i < what.head.arguments; ++i)
    arguments->push_back(next());
  argc = static_cast<int>(arguments->size());
  arguments->push_back(nullptr);
  argv = arguments->data();
  os::replace_command_line({argv, argv + argc});
}

/// Serves until the socket is closed. Returns in a forked process only.
void serve(int socket, int& argc, char**& argv) {
  const mark_place mark;
  if (!write_all(socket, &ready, 1))
    ::_exit(0);
  for (;;) {
    order what;
    if (!read_order(socket, what))
      ::_exit(0);
    std::atomic<std::int32_t> record{0};
    const pid_t pid = child::clone_sibling(record);
    if (pid == 0) {
      ::close(socket);
      return become(what, mark, argc, argv);
    }
    const std::int32_t answer = pid > 0 ? pid : -errno;
    close_all(what);
    if (!write_all(socket, &answer, sizeof answer))
      ::_exit(0);
  }
}

/// The socket that is the standard input goes elsewhere, and nothing can be read there.
int take_socket() {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
    return -1;
  const int socket = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (socket < 0 || nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0)
    ::_exit(exit_not_begun);
  ::close(nothing);
  return socket;
}

} // namespace

void fork_tests(int& argc, char**& argv, const char* /*sign*/) {
  if (std::getenv(forks_tests_variable) == nullptr)
    return;
  ::unsetenv(forks_tests_variable);
  const int socket = take_socket();
  if (socket < 0)
    return;
  if (os::settled_thread_count() != 1)
    ::_exit(
      exit_not_begun); // a fork would have this one only: the program is executed for each test
  serve(socket, argc, argv);
}

} // namespace troupe::testing::detail
