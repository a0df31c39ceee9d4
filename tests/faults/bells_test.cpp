// Whatever a child does to the descriptors that it shares with its parent, the parent goes on; and whatever
// is full, no wish of the parent is lost.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

int square(int x) {
  return x * x;
}

bool is_a_bell(int fd) {
  char target[64] = {};
  const auto path = "/proc/self/fd/" + std::to_string(fd);
  return ::readlink(path.c_str(), target, sizeof target - 1) > 0 &&
         (std::string(target).starts_with("pipe:") ||
           std::string(target).starts_with("anon_inode:[eventfd]"));
}

// Fills every bell that can be written, and makes all of them block.
void fill_every_bell() {
  for (int fd = 3; fd < 256; ++fd) {
    if (!is_a_bell(fd))
      continue;
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    // The largest values first, for a bell that counts; a pipe is full when no byte fits any more.
    for (std::uint64_t value = 0xfffffffffffffffe; value > 0; value /= 2)
      while (::write(fd, &value, sizeof value) > 0) {
      }
    char byte = 0;
    while (::write(fd, &byte, 1) > 0) {
    }
    ::fcntl(fd, F_SETFL, 0);
  }
}

// Leaves a copy of the child behind, which fills the bells when the child stands still.
pid_t fill_every_bell_later() {
  const pid_t child = ::getpid();
  const pid_t copy = ::fork();
  if (copy == 0) {
    const bool stopped = eventually([=] { return state_of(child) == "T"; });
    fill_every_bell();
    ::_exit(stopped ? 0 : 1);
  }
  return copy;
}

// A connection whose close waits for ten minutes, since nobody takes in what it has sent.
int lingering_socket() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  const int sender = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener, name, size) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, name, &size) != 0 || ::connect(sender, name, size) != 0)
    return -1;
  const char block[4096] = {};
  while (::send(sender, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  const linger patience{1, 600};
  ::setsockopt(sender, SOL_SOCKET, SO_LINGER, &patience, sizeof patience);
  return sender;
}

bool is_a_control_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// Sends a descriptor, which is gone from here then, through each control socket to whoever reads there, and
// waits until it has been taken in. How many were sent.
int pass(int fd) {
  int sent = 0;
  for (int socket = 3; socket < 256; ++socket) {
    if (!is_a_control_socket(socket))
      continue;
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    auto* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    if (::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
      continue;
    ++sent;
    ::close(fd);
    eventually([=] {
      int waiting = 0;
      return ::ioctl(socket, SIOCOUTQ, &waiting) != 0 || waiting == 0;
    });
  }
  return sent;
}

bool pass_lingering_socket() {
  const int fd = lingering_socket();
  if (fd < 0)
    throw std::runtime_error("no socket that lingers can be made");
  return pass(fd) > 0;
}

int started = 0; // in the child

int how_many_started() {
  return started;
}

asio::awaitable<void> wait_for_ever() {
  ++started;
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

void touch(const std::string& path) {
  std::ofstream(path).put('x');
}

void hold_the_loop(const std::string& path) {
  touch(path);
  std::this_thread::sleep_for(1s); // the span in which the wishes pile up
}

} // namespace

TEST_CASE("a child whose bells block does not stop its parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::pool other{rt(), {.processes = 1}};
  const auto hostile = pool.apply(::getpid).get();
  const auto copy = pool.apply(fill_every_bell_later).get();
  REQUIRE(::kill(hostile, SIGSTOP) == 0);
  REQUIRE(eventually([=] { return state_of(copy) == "Z"; }));
  auto rings = pool.apply(square, 2);
  auto task = other.apply(square, 3);
  const bool in_time = task.wait_for(30s);
  ::kill(hostile, SIGCONT);
  REQUIRE(in_time);
  CHECK(task.get() == 9);
  CHECK(rings.get() == 4);
}

TEST_CASE("a child that passes a socket which is slow to close does not stop its parent") {
  troupe::pool pool{rt(), {.processes = 1}};
  troupe::pool other{rt(), {.processes = 1}};
  CHECK(other.apply(square, 2).get() == 4);
  const auto hostile = pool.apply(::getpid).get();
  auto passing = pool.apply(pass_lingering_socket);
  auto task = other.apply(square, 3);
  const bool in_time = passing.wait_for(20s) && task.wait_for(20s);
  ::kill(hostile, SIGKILL); // which closes the other end
  REQUIRE(in_time);
  CHECK_FALSE(passing.get()); // nothing that it passes is ever received
  CHECK(task.get() == 9);
}

TEST_CASE("of very many cancels and the drain after them none is lost") {
  const auto path =
    std::filesystem::temp_directory_path() / ("troupe-bells-test-" + std::to_string(::getpid()));
  const auto held = path.string() + "-held";
  const auto finalized = path.string() + "-finalized";
  {
    troupe::pool pool{rt(), {.processes = 1,
                              .childconcurrency = 2000,
                              .finalizer = troupe::call(touch, finalized),
                              .cancel_grace = 1min}}; // longer than the loop is held
    std::vector<troupe::task_future<void>> waiting;
    for (int i = 0; i < 1500; ++i)
      waiting.push_back(pool.apply(wait_for_ever));
    REQUIRE(eventually([&] { return pool.apply(how_many_started).get() == 1500; }));
    auto holds = pool.apply(hold_the_loop, held);
    REQUIRE(eventually([&] { return std::filesystem::exists(held); }));
    for (auto& task : waiting)
      task.cancel();
    pool.close();
    pool.join();
  }
  CHECK(std::filesystem::remove(held));
  CHECK(std::filesystem::remove(finalized)); // the drain has arrived
}
