// Pools that are to grow while something runs out.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/program_copy.hpp"
#include "support/test_runtime.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;

// UndefinedBehaviorSanitizer needs descriptors itself.
#if !defined(__SANITIZE_ADDRESS__)
namespace {

std::vector<pid_t> pids_of(const troupe::pool& pool) {
  std::vector<pid_t> pids;
  for (const auto& child : pool.stats().children)
    pids.push_back(child.pid);
  return pids;
}

bool becomes_ready(const troupe::pool& pool) {
  auto ready = pool.ready()(boost::asio::use_future);
  if (ready.wait_for(60s) != std::future_status::ready)
    return false;
  ready.get();
  return true;
}

// At most so many descriptors, while it lives.
class descriptor_limit {
public:
  explicit descriptor_limit(std::size_t most) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    auto tight = before_;
    tight.rlim_cur = most;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  }
  descriptor_limit(const descriptor_limit&) = delete;
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

} // namespace

TEST_CASE(
  "a pool that cannot grow for want of descriptors keeps what it has, and grows after that") {
  int times_short = 0;
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver})
    for (std::size_t spare = 0; spare < 12; ++spare) {
      INFO(to_string(method) << ", spare descriptors: " << spare);
      troupe::pool pool{
        rt(), {.processes = 2, .start_method = method, .restart = {.backoff = 1ms}}};
      REQUIRE(becomes_ready(pool));
      const auto before = pids_of(pool);
      std::vector<troupe::task_future<pid_t>> everywhere;
      {
        const descriptor_limit limit(open_descriptors(::getpid()) + spare);
        pool.resize(5);
        everywhere = pool.broadcast(::getpid);
        const std::vector numbers(200, 3);
        const auto squares = pool.map(square, numbers).get();
        CHECK(std::count(squares.begin(), squares.end(), 9) == 200);
        const auto during = pids_of(pool);
        REQUIRE(during.size() == 5);
        CHECK(std::equal(before.begin(), before.end(), during.begin()));
        times_short += std::count(during.begin(), during.end(), 0) > 0 ? 1 : 0;
      }
      REQUIRE(becomes_ready(pool));
      for (auto& answer : everywhere)
        CHECK(answer.get() > 0);
      const auto after = pids_of(pool);
      CHECK(std::equal(before.begin(), before.end(), after.begin()));
      CHECK(pool.stats().lost == 0);
    }
  CHECK(times_short > 0); // it is about something
}
#endif

namespace {

// By a user whom a limit of processes binds: one who has nothing else, if this is root.
std::unique_ptr<piped_program> start_as_user(const program_copy& program, const char* name) {
  if (::geteuid() != 0)
    return std::make_unique<piped_program>(program.path(), std::vector<std::string>{name});
  return std::make_unique<piped_program>(
    AS_USER, std::vector<std::string>{"as_user", "54323", program.path(), name});
}

} // namespace

TEST_CASE("a pool that cannot grow for want of processes keeps what it has, and grows after that") {
  const program_copy program(SHORT_PARENT);
  const auto parent = start_as_user(program, "short_parent");
  CHECK(parent->read_until({}) ==
        "while there are none: sum 4500, 5 slots, the same children, no others\n"
        "after that: 5 slots, the same children\n");
  CHECK(parent->wait() == 0);
}

TEST_CASE(
  "what forks without end under a limit of processes ends with its task, and hits no other") {
  const program_copy program(BOMBED_PARENT);
  const auto parent = start_as_user(program, "bombed_parent");
  // All that it has started has the pipe, which ends with the last of them.
  CHECK(parent->read_until({}) ==
        "its neighbour has 9\nit came to the limit, and was cancelled\nafter that: sum 900\n");
  CHECK(parent->wait() == 0);
}
