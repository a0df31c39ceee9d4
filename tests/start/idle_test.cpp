// What an idle pool costs.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace troupe::test;
namespace fs = std::filesystem;

namespace {

// What a thread waits in, as /proc/PID/task/TID/syscall tells: the number of the call and its arguments.
struct waiting {
  long call = -1; // -1: it runs, or nobody may know
  std::uint64_t arguments[6]{};

  static waiting of(const fs::path& thread) {
    waiting result;
    std::ifstream file(thread / "syscall");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text);
    if (!(fields >> result.call))
      return {};
    for (auto& argument : result.arguments)
      fields >> std::hex >> argument;
    return result;
  }

  bool has_no_limit() const {
    constexpr std::uint64_t minus_one = 0xffffffff;
    switch (call) {
    case SYS_futex:
      return arguments[3] == 0;
    case SYS_epoll_pwait:
#if defined(SYS_epoll_wait)
    case SYS_epoll_wait:
#endif
      return (arguments[3] & minus_one) == minus_one;
#if defined(SYS_poll)
    case SYS_poll:
      return (arguments[2] & minus_one) == minus_one;
#endif
    case SYS_ppoll:
      return arguments[2] == 0;
    case SYS_read: // of a pipe, or an eventfd
      return true;
    default:
      return false;
    }
  }
};

// The threads that do not, of this process and its children; but the one that asks, and the one that bounds the test.
std::vector<std::string> threads_with_a_limit() {
  std::vector<std::string> found;
  auto processes = children_of(::getpid());
  processes.push_back(::getpid());
  for (const pid_t pid : processes)
    for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      const auto name = thread.path().filename().string();
      if (name != std::to_string(::gettid()) && name_of(std::stoi(name)) != "test-patience" &&
          !waiting::of(thread.path()).has_no_limit())
        found.push_back(name_of(pid) + " " + name);
    }
  return found;
}

std::size_t proportional_kilobytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Pss:"))
      return std::stoul(line.substr(4));
  return 0;
}

pid_t own_pid() {
  return ::getpid();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // which has threads and memory of its own
#else
constexpr bool sanitized = false;
#endif

} // namespace

TEST_CASE("the threads of an idle pool, and of its children, sleep without a time limit") {
  if (sanitized || waiting::of("/proc/thread-self").call < 0)
    return;
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    troupe::pool pool{rt(), {.processes = 2, .start_method = method}};
    pool.map(square, std::vector<int>(100, 3)).get();
    std::vector<std::string> found;
    CHECK(eventually([&] {
      found = threads_with_a_limit();
      return found.empty();
    }));
    CHECK(found == std::vector<std::string>{});
  }
}

TEST_CASE("an idle child takes 3 MiB at most, and one that was forked by a zygote half of that") {
  if (sanitized)
    return;
  // Of what processes share, such as code, each takes its part. All are there when one is looked at, so that the part does
  // not depend on how far the others have come.
  const auto most = [](troupe::start_method method) {
    troupe::pool pool{rt(), {.processes = 8, .start_method = method}};
    pool.map(square, std::vector<int>(100, 3)).get();
    pid_t last = 0;
    for (auto& pid : pool.broadcast(own_pid))
      last = pid.get();
    return proportional_kilobytes(last);
  };
  CHECK(most(troupe::start_method::spawn) <= 3 * 1024);
  CHECK(most(troupe::start_method::forkserver) <= 3 * 1024 / 2);
}
