// Machines and containers in which something is missing: a program works there, or says at once what it lacks.
#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

const std::string works = "up\n16\ntimed out\n";

// What a program says that runs a task, and ends one that is stuck, where the shell has put it: `"$@"` is the program.
std::string said_where(const std::string& script, const char* method, const char* how = "stuck") {
  piped_program program(
    "/bin/sh", {"sh", "-c", script + " </dev/null", "sh", WAITING_PARENT, method, how});
  auto said = program.read_until({});
  program.wait();
  return said;
}

// `unshare` with these options, as root of a namespace of its own if this is another user.
std::string apart(const std::string& options) {
  return (::geteuid() == 0 ? "unshare " : "unshare --user --map-root-user ") + options;
}

bool can_be_apart() {
  return said_where(apart("--mount --pid --fork echo"), "spawn") != "";
}

std::string with_mounts(const std::string& mounts) {
  return apart("--mount sh -c '" + mounts + R"( && exec "$@"' sh "$@")");
}

std::string said_without(long call, int error, const char* method, const char* how = "stuck") {
  return said_where(
    "exec " WITHOUT_CALL " " + std::to_string(call) + ' ' + std::to_string(error) + R"( "$1" "$@")",
    method, how);
}

} // namespace

TEST_CASE("a program works as process 1, without /dev, with little shared memory, and where "
          "nothing can be written") {
  if (!can_be_apart())
    return;
  const auto* const method = GENERATE("spawn", "forkserver");
  INFO(method);
  CHECK(said_where(apart(R"(--pid --fork --mount-proc "$@")"), method) == works);
  CHECK(said_where(with_mounts("mount -t tmpfs none /dev"), method) == works);
  CHECK(said_where(with_mounts("mount -t tmpfs -o size=16k none /dev/shm"), method) == works);
  CHECK(said_where(with_mounts("mount -o remount,bind,ro /"), method) == works);
  CHECK(said_where(R"(exec nice -n 19 "$@")", method) == works);
}

TEST_CASE(
  "a program works where /proc has the numbers of others, and names it where it is missing") {
  if (!can_be_apart())
    return;
  const auto* const method = GENERATE("spawn", "forkserver");
  INFO(method);
  CHECK(said_where(apart(R"(--pid --fork "$@")"), method) == works);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which need it themselves
  CHECK_THAT(said_where(with_mounts("mount -t tmpfs none /proc"), method),
    ContainsSubstring("executing the program /proc/self/exe: No such file or directory"));
#endif
}

TEST_CASE("a program works where the kernel or a filter lacks pidfds, and names the call without "
          "which it cannot") {
  const auto* const method = GENERATE("spawn", "forkserver");
  const int error = GENERATE(ENOSYS, EPERM);
  INFO(method << ", error " << error);
  CHECK(said_without(SYS_pidfd_open, error, method) == works);
  CHECK(said_without(SYS_pidfd_send_signal, error, method) == works);
#if !defined(__SANITIZE_THREAD__) // for which vfork is a fork, that cannot say it
  CHECK_THAT(said_without(SYS_close_range, error, method),
    ContainsSubstring("keeping descriptors from a child (close_range): "));
#endif
  CHECK_THAT(said_without(SYS_memfd_create, error, method), ContainsSubstring("memfd_create for "));
}

TEST_CASE("a child with a sandbox does not start where a part of it is lacking, and names that") {
  const auto* const method = GENERATE("spawn", "forkserver");
  for (const auto* kind : {"guarded", "isolated"})
    CHECK_THAT(said_without(SYS_landlock_create_ruleset, ENOSYS, method, kind),
      ContainsSubstring(kind + std::string("\" needs Landlock, which this kernel does not offer")));
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 6)
    CHECK_THAT(said_without(SYS_unshare, EPERM, method, "isolated"),
      ContainsSubstring("\"isolated\" needs namespaces of its own"));
}
