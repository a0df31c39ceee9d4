#include "points/killer_program.hpp"

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

killer_program::killer_program() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  socket_.reset(ends[0]);
  const base::unique_fd other(ends[1]);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(other.get(), 0);
    ::execl(KILLER, "points_killer", nullptr);
    ::_exit(127);
  }
  ::prctl(PR_SET_PTRACER, pid_); // where a process is traced by its ancestors only
  traces_ = tell({killer_order::kind::trace, static_cast<std::uint64_t>(::getpid()), 0}).done;
}

killer_program::~killer_program() {
  socket_.reset();
  ::waitpid(pid_, nullptr, 0);
}

void killer_program::trace(pid_t process) {
  tell({killer_order::kind::trace, static_cast<std::uint64_t>(process), 0});
}

void killer_program::aim(killer_order::kind what, std::uint64_t number, std::uint64_t skip) {
  tell({what, number, skip});
}

killer_report killer_program::ask() {
  return tell({});
}

killer_report killer_program::tell(const killer_order& order) {
  killer_report answer;
  REQUIRE(::write(socket_.get(), &order, sizeof order) == sizeof order);
  REQUIRE(::read(socket_.get(), &answer, sizeof answer) == sizeof answer);
  return answer;
}

} // namespace troupe::test
