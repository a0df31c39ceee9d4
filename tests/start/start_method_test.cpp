// How children are started.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;
using troupe::start_method;

namespace {

// The default is put back when the test ends.
class default_method {
public:
  ~default_method() { troupe::set_start_method(before_); }

private:
  start_method before_ = troupe::get_start_method();
};

// Runs the test's body for each method that this program's runtime has.
template <class Body>
void for_each_method(Body body) {
  for (const auto method : {start_method::spawn, start_method::forkserver}) {
    INFO(troupe::to_string(method));
    body(method);
  }
}

// The threads of a child that run blocking functions, once `count` of them have met.
int threads_at_once(int count) {
  static std::mutex mutex;
  static std::condition_variable all_here;
  static int here = 0;
  std::unique_lock lock(mutex);
  ++here;
  all_here.notify_all();
  all_here.wait_for(lock, 30s, [count] { return here >= count; });
  return here;
}

} // namespace

TEST_CASE("the start method is spawn by default") {
  CHECK(troupe::get_start_method() == start_method::spawn);
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.options().start_method == start_method::spawn);
}

TEST_CASE("the start methods have names") {
  const default_method restored;
  for (const std::string_view name : {"spawn", "forkserver", "fork"}) {
    troupe::set_start_method(name);
    CHECK(troupe::to_string(troupe::get_start_method()) == name);
    CHECK(troupe::parse_start_method(name) == troupe::get_start_method());
  }
}

TEST_CASE("an unknown start method is an error that lists the three, and changes nothing") {
  const default_method restored;
  CHECK_THROWS_AS(troupe::set_start_method("thread"), std::invalid_argument);
  CHECK_THROWS_WITH(troupe::set_start_method("thread"),
    ContainsSubstring("\"thread\"") && ContainsSubstring("spawn, forkserver, fork"));
  CHECK_THROWS_WITH(troupe::parse_start_method("\x1b[2J"), ContainsSubstring("\\x1b"));
  CHECK(troupe::get_start_method() == start_method::spawn);
}

TEST_CASE("a pool keeps the start method with which it was made") {
  const default_method restored;
  troupe::set_start_method(start_method::forkserver);
  troupe::pool pool{rt(), {.processes = 1, .maxtasksperchild = 1}};
  troupe::set_start_method(start_method::spawn);
  CHECK(pool.options().start_method == start_method::forkserver);
  for (int i = 0; i < 3; ++i)
    CHECK(pool.apply(square, i).get() == i * i);
  troupe::pool other{rt(), {.processes = 1}};
  CHECK(other.options().start_method == start_method::spawn);
}

TEST_CASE(
  "a pool that asks for fork without a zygote is refused, and the message says what to do") {
  CHECK_THROWS_AS(troupe::pool(rt(), {.processes = 1, .start_method = start_method::fork}),
    std::invalid_argument);
  CHECK_THROWS_WITH(troupe::pool(rt(), {.processes = 1, .start_method = start_method::fork}),
    ContainsSubstring("set_start_method") && ContainsSubstring("before troupe::runtime"));
}

TEST_CASE("functions, coroutines and blocking functions run whatever the start method is") {
  for_each_method([](start_method method) {
    troupe::pool pool{rt(), {.processes = 2, .start_method = method}};
    const std::vector<int> inputs{1, 2, 3, 4, 5, 6};
    CHECK(pool.map(square, inputs).get() == std::vector<int>{1, 4, 9, 16, 25, 36});
    CHECK(pool.map(nap, inputs).get() == inputs);
    CHECK(
      pool.map(troupe::blocking(square), inputs).get() == std::vector<int>{1, 4, 9, 16, 25, 36});
    CHECK_THROWS_AS(pool.apply([] { throw std::out_of_range("no"); }).get(), std::out_of_range);
    pool.close();
    pool.join();
  });
}

TEST_CASE("children are children of this process, in process groups of their own") {
  for_each_method([](start_method method) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(pool.apply([] { return ::getppid(); }).get() == ::getpid());
    CHECK(pool.apply([] { return ::getpgid(0) == ::getpid(); }).get());
    const auto death_signal = [] {
      int signal = 0;
      ::prctl(PR_GET_PDEATHSIG, &signal);
      return signal;
    };
    CHECK(pool.apply(death_signal).get() == SIGKILL);
  });
}

TEST_CASE("children have a clean signal mask, default actions, and no descriptor of their parent") {
  for_each_method([](start_method method) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    ::signal(SIGUSR2, SIG_IGN);
    const int open_file = ::open("/dev/null", O_RDONLY); // without O_CLOEXEC
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(pool
            .apply([] {
              sigset_t mask;
              ::sigprocmask(SIG_BLOCK, nullptr, &mask);
              return ::sigismember(&mask, SIGUSR1) == 0 && ::signal(SIGUSR2, SIG_DFL) == SIG_DFL;
            })
            .get());
    const auto has_null_open = [] {
      for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        if (entry.path().filename().string().size() > 0 &&
            std::stoi(entry.path().filename().string()) > 2 &&
            std::filesystem::read_symlink(entry.path(), error) == "/dev/null")
          return true;
      }
      return false;
    };
    CHECK_FALSE(pool.apply(has_null_open).get());
    ::close(open_file);
    ::signal(SIGUSR2, SIG_DFL);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  });
}

TEST_CASE("a child has the environment of its parent") {
  const auto variables = [] {
    std::multiset<std::string> all;
    for (char** variable = ::environ; *variable != nullptr; ++variable)
      all.insert(*variable);
    return all;
  };
  for_each_method([&](start_method method) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(pool.apply(variables).get() == variables());
  });
}

TEST_CASE("a child has one thread as long as nothing needs another") {
  for_each_method([](start_method method) {
    troupe::pool pool{rt(), {.processes = 1, .start_method = method}};
    CHECK(pool.apply(nap, 3).get() == 3);
    CHECK(pool.apply([] { return thread_count(::getpid()); }).get() == 1);
  });
}

TEST_CASE("threads, mutexes and raise work in a forked child as in any process") {
  troupe::pool pool{rt(), {.processes = 1, .start_method = start_method::forkserver}};
  const auto locks = [] {
    int sum = 0;
    std::recursive_mutex mutex;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          const std::lock_guard outer(mutex);
          const std::lock_guard inner(mutex);
          ++sum;
        }
      });
    for (auto& thread : threads)
      thread.join();
    return sum;
  };
  CHECK(pool.apply(locks).get() == 4000);
  // The C library knows its thread by the new id.
  const auto own_affinity = [] {
    cpu_set_t by_thread;
    cpu_set_t by_process;
    CPU_ZERO(&by_thread);
    CPU_ZERO(&by_process);
    ::sched_getaffinity(0, sizeof by_process, &by_process);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &by_process)) {
        CPU_SET(cpu, &one);
        break;
      }
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    ::sched_getaffinity(0, sizeof by_thread, &by_thread);
    return CPU_EQUAL(&by_thread, &one) != 0;
  };
  CHECK(pool.apply(own_affinity).get());
  try {
    pool.apply([] { ::raise(SIGTERM); }).get();
    FAIL("the child outlived a signal");
  } catch (const troupe::child_lost& loss) {
    CHECK(loss.signal() == SIGTERM);
  }
}

TEST_CASE("forked siblings do not share random state") {
  troupe::pool pool{
    rt(), {.processes = 1, .maxtasksperchild = 1, .start_method = start_method::forkserver}};
  constexpr int siblings = 8;
  std::set<long> rand_values;
  std::set<double> drand_values;
  std::set<unsigned> device_values;
  for (int i = 0; i < siblings; ++i) {
    const auto [from_rand, from_drand, from_device] =
      pool.apply([] { return std::tuple(::random(), ::drand48(), std::random_device()()); }).get();
    rand_values.insert(from_rand);
    drand_values.insert(from_drand);
    device_values.insert(from_device);
  }
  CHECK(rand_values.size() == siblings);
  CHECK(drand_values.size() == siblings);
  CHECK(device_values.size() == siblings);
}

TEST_CASE("an initializer runs, and fails the pool if it throws, whatever the start method is") {
  for_each_method([](start_method method) {
    troupe::pool pool{
      rt(), {.processes = 1, .initializer = troupe::call(initialize, 10), .start_method = method}};
    CHECK(pool.apply([] { return value_of_initializer; }).get() == 10);
    troupe::pool failing{rt(),
      {.processes = 1, .initializer = troupe::call(throwing_initializer), .start_method = method}};
    CHECK_THROWS_AS(failing.apply(square, 1).get(), troupe::start_failed);
  });
}

TEST_CASE("a loop initializer sets up the loop before the initializer and any task") {
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = troupe::call([] { value_of_initializer *= 2; }),
                            .childconcurrency = 8,
                            .loop_initializer = [](troupe::loop_options& loop) {
                              value_of_initializer = 21;
                              loop.concurrency_hint = 1;
                              loop.blocking_threads = 3;
                            }}};
  CHECK(pool.apply([] { return value_of_initializer; }).get() == 42);
  CHECK(pool.apply(nap, 5).get() == 5);
  // Three threads meet, and no fourth one comes although eight tasks may run.
  const auto counts = pool.map(troupe::blocking(threads_at_once), std::vector<int>(3, 3)).get();
  CHECK(*std::max_element(counts.begin(), counts.end()) == 3);
  const auto blocking_threads = [] { return static_cast<int>(thread_count(::getpid())); };
  const int before = pool.apply(blocking_threads).get();
  pool.map(troupe::blocking(square), std::vector<int>(64)).get();
  CHECK(pool.apply(blocking_threads).get() == before);
}

TEST_CASE(
  "a loop initializer that throws, or sets what there is not, fails the start with its error") {
  const auto failure_with = [](void (*initializer)(troupe::loop_options&)) -> std::string {
    troupe::pool pool{rt(), {.processes = 1, .loop_initializer = initializer}};
    try {
      pool.apply(square, 1).get();
    } catch (const troupe::start_failed& failed) {
      try {
        std::rethrow_if_nested(failed);
      } catch (const std::exception& nested) {
        return nested.what();
      }
    }
    return "no failure";
  };
  CHECK(failure_with([](troupe::loop_options&) { throw std::runtime_error("no loop today"); }) ==
        "no loop today");
  CHECK_THAT(failure_with([](troupe::loop_options& loop) { loop.concurrency_hint = 0; }),
    ContainsSubstring("concurrency_hint is 0"));
  CHECK_THAT(failure_with([](troupe::loop_options& loop) {
    loop.concurrency_hint = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE;
  }),
    ContainsSubstring("concurrency_hint"));
  CHECK_THAT(failure_with([](troupe::loop_options& loop) { loop.blocking_threads = 16'385; }),
    ContainsSubstring("blocking_threads is 16385"));
}
