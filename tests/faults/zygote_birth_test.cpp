// A zygote that lies about the child that it made.
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include "base/limits.hpp"
#include "link/birth_record.hpp"
#include "link/zygote_protocol.hpp"
#include "os/child_descriptor.hpp"
#include "os/start_time.hpp"
#include "parent/launch/zygote.hpp"

#include <csignal>
#include <optional>

#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;
namespace wire = troupe::link; // unistd.h has a function of that name
namespace os = troupe::os;

namespace {

// Says that it has made the process `named`.
[[noreturn]] void serve_lies(int socket, pid_t named) {
  wire::zygote_hello hello;
  troupe::base::unique_fd fds[2];
  wire::wait_readable(socket);
  wire::receive_control(socket, &hello, sizeof hello, fds, 2);
  wire::birth_record births(std::move(fds[0]));
  wire::send_control(socket, wire::zygote_answer{wire::zygote_status::ready, 0});
  wire::zygote_request request;
  troupe::base::unique_fd control;
  wire::wait_readable(socket);
  wire::receive_control(socket, &request, sizeof request, &control, 1);
  births.place()->store(named);
  wire::send_control(socket, wire::zygote_answer{wire::zygote_status::forked, 0});
  ::pause();
  ::_exit(0);
}

pid_t fork_innocent() {
  const auto pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  return pid;
}

} // namespace

TEST_CASE("a zygote cannot pass another child of its runtime for one that it made") {
  const auto innocent = fork_innocent();
  REQUIRE(innocent > 0);
  REQUIRE(eventually([&] {
    return os::start_time(innocent).value() + 2 * os::start_time_unit() < os::boot_time();
  }));
  {
    troupe::parent::zygote liar(
      [&](const troupe::base::unique_fd& socket) -> troupe::parent::started_process {
        const auto pid = ::fork();
        if (pid == 0)
          serve_lies(::dup(socket.get()), innocent);
        return {pid, os::child_descriptor::open(pid)};
      },
      {}, troupe::limits::zygote_patience);
    const troupe::base::unique_fd stop(::eventfd(0, EFD_CLOEXEC));
    liar.wait_ready(stop.get());
    CHECK_FALSE(liar.fork_child(stop, stop.get()));
    CHECK(liar.how_it_ended() == "named a process that it did not make");
    CHECK_FALSE(liar.alive());
  }
  CHECK(state_of(innocent) != "Z");
  ::kill(innocent, SIGKILL);
  ::waitpid(innocent, nullptr, 0);
}
