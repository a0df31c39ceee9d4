// Descriptors that the event loop looks at.
#include "loop/descriptor_watch.hpp"
#include "support/catch.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

using troupe::loop::descriptor_watch;

namespace {

// An eventfd that is watched. It is readable from the beginning if `ready`.
class watched_event {
public:
  watched_event(
    boost::asio::io_context& io, bool ready, std::function<void()> readable, int number = 0)
    : fd_(make(ready, number)) {
    REQUIRE(fd_ >= number);
    watch_.emplace(io, fd_, std::move(readable));
  }
  watched_event(const watched_event&) = delete;
  ~watched_event() {
    watch_.reset();
    ::close(fd_);
  }

  int fd() const { return fd_; }
  void take() const {
    ::eventfd_t value = 0;
    ::eventfd_read(fd_, &value);
  }
  void give() const { REQUIRE(::eventfd_write(fd_, 1) == 0); }

private:
  // With this number, or the next one that is free.
  static int make(bool ready, int number) {
    const int any = ::eventfd(ready ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
    const int wanted = ::fcntl(any, F_DUPFD_CLOEXEC, number);
    ::close(any);
    return wanted;
  }

  const int fd_;
  std::optional<descriptor_watch> watch_;
};

} // namespace

TEST_CASE(
  "an event of a descriptor that was closed in the same turn means nothing to its successor") {
  boost::asio::io_context io;
  std::array<std::unique_ptr<watched_event>, 2> both;
  std::unique_ptr<watched_event> successor;
  int calls = 0;
  int of_successor = 0;
  // Both are readable in one turn of the loop. The one that comes first closes the other.
  const auto on = [&](std::size_t self) {
    ++calls;
    both[self]->take();
    const int number = both[1 - self]->fd();
    both[1 - self].reset();
    const auto on_successor = [&] {
      ++of_successor;
      successor->take();
    };
    successor = std::make_unique<watched_event>(io, false, on_successor, number);
  };
  for (const std::size_t each : {0, 1})
    both[each] = std::make_unique<watched_event>(io, true, [&on, each] { on(each); });
  while (calls == 0)
    io.run_one();
  io.poll();
  CHECK(calls == 1);
  CHECK(of_successor == 0);
  successor->give();
  io.run_one();
  CHECK(of_successor == 1);
}
