// Each system call of a parent fails once, with each error that it may have: either all is well, or an error says what
// failed, within bounded time, and nothing is left. The short form is a sample, of which TROUPE_TEST_SEED=N repeats one;
// TROUPE_POINTS=all is the long form, which says what it has covered.
#include "support/catch.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/process_list.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

struct call_kind {
  const char* name;
  std::vector<int> errors; // that are plausible
};

const std::vector<int> no_descriptor{EMFILE, ENFILE, ENOMEM};
const std::vector<int> no_process{EAGAIN, ENOMEM};

// What is not here does not fail for want of something (`close`, `rt_sigaction`), or the C library ends the program then
// (`munmap` of a stack).
const std::map<long, call_kind> kinds{
  {SYS_openat, {"openat", {EMFILE, ENFILE, ENOMEM, EINTR}}},
  {SYS_socketpair, {"socketpair", no_descriptor}},
  {SYS_socket, {"socket", no_descriptor}},
  {SYS_eventfd2, {"eventfd2", no_descriptor}},
  {SYS_epoll_create1, {"epoll_create1", no_descriptor}},
  {SYS_timerfd_create, {"timerfd_create", no_descriptor}},
  {SYS_memfd_create, {"memfd_create", no_descriptor}},
#ifndef __SANITIZE_ADDRESS__ // whose runtime makes them as well, and ends the program then
  {SYS_pipe2, {"pipe2", no_descriptor}},
  {SYS_mmap, {"mmap", {ENOMEM}}},
  {SYS_mprotect, {"mprotect", {ENOMEM}}},
#endif
  {SYS_pidfd_open, {"pidfd_open", no_descriptor}},
  {SYS_dup, {"dup", {EMFILE}}},
  {SYS_fcntl, {"fcntl", {EMFILE}}},
  {SYS_clone, {"clone", no_process}},
  {SYS_clone3, {"clone3", no_process}},
  {SYS_vfork, {"vfork", no_process}},
  {SYS_fork, {"fork", no_process}},
  {SYS_epoll_ctl, {"epoll_ctl", {ENOMEM, ENOSPC}}},
  {SYS_ftruncate, {"ftruncate", {ENOMEM, EINTR}}},
  {SYS_fallocate, {"fallocate", {ENOSPC, EINTR, ENOMEM}}},
  {SYS_sendmsg, {"sendmsg", {EAGAIN, ENOBUFS, ENOMEM, EINTR}}},
  {SYS_sendto, {"sendto", {EAGAIN, ENOBUFS, ENOMEM, EINTR}}},
  {SYS_recvmsg, {"recvmsg", {EINTR, ENOMEM}}},
  {SYS_read, {"read", {EINTR}}},
  {SYS_write, {"write", {EINTR}}},
  {SYS_poll, {"poll", {EINTR, ENOMEM}}},
  {SYS_ppoll, {"ppoll", {EINTR, ENOMEM}}},
  {SYS_epoll_wait, {"epoll_wait", {EINTR}}},
  {SYS_epoll_pwait, {"epoll_pwait", {EINTR}}},
  {SYS_waitid, {"waitid", {EINTR}}},
  {SYS_wait4, {"wait4", {EINTR}}},
  {SYS_pidfd_send_signal, {"pidfd_send_signal", {EPERM}}},
  {SYS_kill, {"kill", {EPERM}}},
  {SYS_futex, {"futex", {EINTR, EAGAIN}}},
  {SYS_getrandom, {"getrandom", {EINTR}}},
  {SYS_newfstatat, {"newfstatat", {ENOMEM}}},
  {SYS_statx, {"statx", {ENOMEM}}},
  {SYS_readlink, {"readlink", {ENOMEM}}},
  {SYS_clock_nanosleep, {"clock_nanosleep", {EINTR}}},
};

struct point {
  const char* method;
  long call;
  unsigned long index; // from 1
  int error;
};

constexpr std::chrono::seconds short_form{5};
constexpr const char* most_seconds = "30";

std::string trace(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"call_tracer", most_seconds});
  piped_program tracer(CALL_TRACER, arguments);
  const auto said = tracer.read_until("\nend\n");
  tracer.wait();
  return said;
}

// How often each call is made in a life in which none fails.
std::map<long, unsigned long> calls_of(const char* method) {
  const auto said = trace({"list", SHORT_LIFE, method});
  INFO(said);
  std::map<long, unsigned long> found;
  if (said.find("untraced") != std::string::npos)
    return found;
  CHECK_THAT(said,
    ContainsSubstring("exit 0\n") && !ContainsSubstring("error: ") && !ContainsSubstring("left: "));
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    long call = 0;
    unsigned long count = 0;
    if (words >> first >> call >> count && first == "call")
      found[call] = count;
  }
  return found;
}

// Whether an error says why, and what failed beside that. The C library says of a thread that there are no resources
// whatever it has lacked.
bool says_what_failed(const std::string& said, int error) {
  for (const int one : {error, EAGAIN}) {
    const std::string why = std::strerror(one); // NOLINT(concurrency-mt-unsafe)
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);)
      if (line.find(why) != std::string::npos && line != "error: life: " + why)
        return true;
  }
  return said.find("bad_alloc") != std::string::npos;
}

// What is wrong with what became of it, if anything is.
std::string wrong_with(const std::string& said, int error) {
  if (!said.starts_with("exit 0\n") && said.find("\nexit 0\n") == std::string::npos)
    return "it did not end well";
  if (said.find("left: ") != std::string::npos)
    return "it left something";
  if (said.find("error: ") != std::string::npos && !says_what_failed(said, error))
    return "its error does not say what failed";
  return {};
}

void fail_at(const point& one) {
  const std::string mark = "TROUPE_POINT_OF_" + std::to_string(::getpid());
  ::setenv(mark.c_str(), "", 1); // NOLINT(concurrency-mt-unsafe)
  const auto said = trace({std::to_string(one.call), std::to_string(one.index),
    std::to_string(one.error), SHORT_LIFE, one.method});
  ::unsetenv(mark.c_str()); // NOLINT(concurrency-mt-unsafe)
  const auto wrong = wrong_with(said, one.error);
  if (!wrong.empty())
    FAIL_CHECK(kinds.at(one.call).name
               << " " << one.index << ", " << strerrorname_np(one.error) << ": " << wrong
               << "\n    " << CALL_TRACER << " " << most_seconds << " " << one.call << " "
               << one.index << " " << one.error << " " << SHORT_LIFE << " " << one.method << "\n"
               << said);
  if (!eventually([&] { return processes_with(mark).empty(); }))
    FAIL_CHECK(kinds.at(one.call).name << " " << one.index << " leaves a process");
}

bool is_long_form() {
  const char* const said = std::getenv("TROUPE_POINTS"); // NOLINT(concurrency-mt-unsafe)
  return said != nullptr && std::string(said) == "all";
}

// All points of one call, or one of them.
std::vector<point> points_of(
  const char* method, long call, unsigned long count, bool all, std::mt19937_64& random) {
  const auto& errors = kinds.at(call).errors;
  if (!all)
    return {{method, call, 1 + random() % count, errors[random() % errors.size()]}};
  std::vector<point> out;
  for (unsigned long i = 1; i <= count; ++i)
    for (const int error : errors)
      out.push_back({method, call, i, error});
  return out;
}

} // namespace

TEST_CASE("each system call of a parent may fail once: all is well, or an error says what failed") {
  const char* const given = std::getenv("TROUPE_TEST_SEED"); // NOLINT(concurrency-mt-unsafe)
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  INFO("repeated by TROUPE_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const bool all = is_long_form();
  std::vector<const char*> methods{"spawn", "forkserver"};
  if (!all)
    methods = {methods[random() % 2]};
  for (const auto* const method : methods) {
    const auto calls = calls_of(method);
    if (calls.empty()) {
      WARN("skipped: processes may not be traced here");
      return;
    }
    std::vector<long> order;
    for (const auto& [call, count] : calls)
      if (kinds.contains(call))
        order.push_back(call);
    if (!all)
      std::shuffle(order.begin(), order.end(), random);
    const auto end = std::chrono::steady_clock::now() + short_form;
    std::string covered;
    for (const auto call : order) {
      if (!all && std::chrono::steady_clock::now() > end)
        break;
      const auto points = points_of(method, call, calls.at(call), all, random);
      for (const auto& one : points)
        fail_at(one);
      covered += std::string(" ") + kinds.at(call).name + " " + std::to_string(points.size());
    }
    WARN(method << ", seed " << seed << ":" << covered);
  }
}
