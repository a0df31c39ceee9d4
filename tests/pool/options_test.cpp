#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <fstream>
#include <map>
#include <ranges>
#include <set>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

asio::awaitable<void> coroutine_initializer() {
  co_return;
}

void write_file(const std::string& path) {
  std::ofstream(path) << "finalized";
}

void note_exception(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    value_of_initializer = static_cast<int>(std::string(e.what()).size());
  }
  throw std::runtime_error("a handler that throws does no harm");
}

// A scheduler of the user's: everything to the last queue.
class last_queue final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id queue) override { last_ = queue; }
  void register_process(troupe::queue_id) override { ++processes; }
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info& info) override {
    if (info.name == "nowhere")
      return last_ + 1;
    if (info.name == "refused")
      throw std::runtime_error("refused by the scheduler");
    return last_;
  }
  void complete_task(troupe::task_id) override { ++completed; }

  int processes = 0;
  int completed = 0;

private:
  troupe::queue_id last_ = 0;
};

} // namespace

TEST_CASE("an initializer runs in each child before any task") {
  troupe::pool pool{rt(), {.processes = 2, .initializer = troupe::call(initialize, 10)}};
  for (int i = 0; i < 20; ++i)
    CHECK(pool.apply([] { return value_of_initializer; }).get() == 10);
  for (const int value :
    pool.map([](int) { return value_of_initializer; }, std::views::iota(0, 20)))
    CHECK(value == 10);
}

TEST_CASE("a coroutine as initializer is refused when the pool is made") {
  CHECK_THROWS_AS(
    troupe::pool(rt(), {.processes = 1, .initializer = troupe::call(coroutine_initializer)}),
    std::invalid_argument);
}

TEST_CASE("an initializer that throws fails the pool with its own error nested, and not for ever") {
  troupe::pool pool{rt(), {.processes = 2, .initializer = troupe::call(throwing_initializer)}};
  try {
    pool.apply(square, 1).get();
    FAIL("the task had a value");
  } catch (const troupe::start_failed& failed) {
    CHECK_THAT(failed.what(), ContainsSubstring("no database"));
    CHECK_THROWS_AS(std::rethrow_if_nested(failed), std::invalid_argument);
  }
  CHECK(eventually([&] { return children_of(::getpid()).empty(); }));
  pool.close();
  pool.join();
}

TEST_CASE("a finalizer runs in a child that leaves") {
  const std::string path = "/tmp/troupe-finalizer-" + std::to_string(::getpid());
  {
    troupe::pool pool{rt(), {.processes = 1, .finalizer = troupe::call(write_file, path)}};
    pool.apply(square, 1).get();
    pool.close();
    pool.join();
  }
  CHECK(std::ifstream(path).good());
  ::unlink(path.c_str());
}

TEST_CASE("the exception handler sees the live exception in the child, and the caller the proxy") {
  troupe::pool pool{rt(), {.processes = 1, .exception_handler = &note_exception}};
  CHECK_THROWS_AS(
    pool.apply([](int) -> int { throw std::runtime_error("12345"); }, 1).get(), std::runtime_error);
  CHECK(pool.apply([] { return value_of_initializer; }).get() == 5);
}

TEST_CASE("maxtasksperchild is exact") {
  for (const std::size_t most : {1u, 2u, 5u}) {
    troupe::pool pool{rt(), {.processes = 2, .maxtasksperchild = most}};
    std::map<pid_t, std::size_t> tasks;
    for (pid_t pid : pool.map([](int) { return ::getpid(); }, std::views::iota(0, 30)))
      ++tasks[pid];
    std::size_t total = 0;
    for (const auto& [pid, count] : tasks) {
      CHECK(count <= most);
      total += count;
    }
    CHECK(total == 30);
    CHECK(tasks.size() >= 30 / most);
  }
}

TEST_CASE("tasks of a child on its way out can be cancelled and moved to another one") {
  const auto nap = [](int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
  };
  {
    troupe::pool pool{rt(), {.processes = 1, .maxtasksperchild = 3}};
    pool.apply(nap, 0).get();
    auto running = pool.apply(nap, 100);
    auto dropped = pool.apply(nap, 1);
    auto waiting = pool.apply(nap, 2);
    dropped.cancel();
    CHECK(waiting.get() == 2);
    CHECK(running.get() == 100);
  }
  troupe::pool pool{rt(), {.processes = 2, .maxtasksperchild = 40}};
  for (int i = 0; i < 10; ++i)
    pool.apply(nap, 0).get();
  std::vector<int> naps(120, 0);
  naps[0] = 100;
  CHECK(pool.map(nap, naps).get() == naps);
}

TEST_CASE("with maxtasksperchild and a backlog, close runs everything") {
  troupe::pool pool{rt(), {.processes = 2, .maxtasksperchild = 3}};
  auto results = pool.map(square, std::views::iota(0, 40));
  pool.close();
  pool.join();
  CHECK(results.get().size() == 40);
}

TEST_CASE("options out of range are refused before any child starts") {
  const auto before = children_of(::getpid()).size();
  const auto refused = [](troupe::pool_options options) {
    CHECK_THROWS_AS(troupe::pool(rt(), std::move(options)), std::invalid_argument);
  };
  refused({.processes = 1000000});
  refused({.processes = 1, .childconcurrency = 0});
  refused({.processes = 1, .queuecount = 0});
  refused({.processes = 1, .restart = {.start_attempts = 0}});
  refused({.processes = 1, .start_timeout = -1ms});
  CHECK_THROWS_WITH(troupe::pool(rt(), {.processes = 2, .queuecount = 3}),
    ContainsSubstring("queue count must be <= process count"));
  CHECK(children_of(::getpid()).size() == before);
}

TEST_CASE("processes = 0 means the usable CPUs, and unnamed pools get a name with a number") {
  troupe::pool pool{rt()};
  CHECK(pool.options().processes == troupe::usable_cpus());
  CHECK_THAT(pool.options().name, ContainsSubstring("pool-"));
  CHECK(pool.options().childconcurrency == 16);
  CHECK(pool.options().maxtasksperchild == 0);
  CHECK(pool.options().queuecount == 1);
}

TEST_CASE("a child serves the queue of its position, and so does its successor") {
  auto chooser = std::make_shared<last_queue>();
  troupe::pool pool{rt(), {.processes = 3, .queuecount = 3, .scheduler = chooser}};
  std::set<std::size_t> slots;
  for (int i = 0; i < 20; ++i)
    slots.insert(pool.apply([] { return troupe::this_child::slot(); }).get());
  CHECK(slots == std::set<std::size_t>{2});
  CHECK_THROWS_AS(pool.apply([] { ::_exit(1); }).get(), troupe::child_lost);
  CHECK(pool.apply([] { return troupe::this_child::slot(); }).get() == 2);
  pool.close();
  pool.join();
  CHECK(chooser->processes == 3);
  CHECK(chooser->completed == 21);
}

TEST_CASE("a scheduler that throws or names an unknown queue fails that one task") {
  troupe::pool pool{rt(), {.processes = 1, .scheduler = std::make_shared<last_queue>()}};
  CHECK_THROWS_AS(
    pool.apply(troupe::task_options{.name = "nowhere"}, square, 1).get(), std::out_of_range);
  CHECK_THROWS_WITH(pool.apply(troupe::task_options{.name = "refused"}, square, 1).get(),
    ContainsSubstring("refused by the scheduler"));
  CHECK(pool.apply(square, 2).get() == 4);
}

TEST_CASE("round robin over two queues alternates strictly") {
  troupe::pool pool{rt(), {.processes = 2, .queuecount = 2}};
  std::vector<std::size_t> slots;
  for (int i = 0; i < 10; ++i)
    slots.push_back(pool.apply([] { return troupe::this_child::slot(); }).get());
  CHECK(slots == std::vector<std::size_t>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
}

TEST_CASE("a child gets descriptors 0, 1, 2 and its link, and a clean signal mask") {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  const int extra = ::open("/dev/null", O_RDONLY); // without O_CLOEXEC
  troupe::pool pool{rt(), {.processes = 1}};
  const auto links = pool
                       .apply([] {
                         std::vector<std::string> unexpected;
                         int sockets = 0;
                         for (int fd = 3; fd < 1024; ++fd) {
                           char target[256] = {};
                           const auto path = "/proc/self/fd/" + std::to_string(fd);
                           if (::readlink(path.c_str(), target, sizeof target - 1) <= 0)
                             continue;
                           const std::string text = target;
                           // The link's bells and its control socket, and the eventfds, epoll and
                           // timers of its loop.
                           if (text.starts_with("socket:") && ++sockets == 1)
                             continue;
                           if (!text.starts_with("pipe:") && !text.starts_with("anon_inode:"))
                             unexpected.push_back(text);
                         }
                         return unexpected;
                       })
                       .get();
  CHECK(links == std::vector<std::string>{});
  const auto mask = pool
                      .apply([] {
                        sigset_t now;
                        ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
                        int count = 0;
                        for (int signal = 1; signal < NSIG; ++signal)
                          count += sigismember(&now, signal) == 1 ? 1 : 0;
                        return count;
                      })
                      .get();
  CHECK(mask == 0);
  ::close(extra);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("stats tell what a pool and its children have done") {
  troupe::pool pool{rt(), {.processes = 2, .name = "counted"}};
  pool.map(square, std::views::iota(0, 100)).get();
  CHECK_THROWS(pool.apply([] { throw std::runtime_error("x"); }).get());
  const auto stats = pool.stats();
  CHECK(stats.name == "counted");
  CHECK(stats.submitted == 101);
  CHECK(stats.succeeded == 100);
  CHECK(stats.failed == 1);
  CHECK(stats.queued == 0);
  REQUIRE(stats.children.size() == 2);
  CHECK(stats.children[0].tasks + stats.children[1].tasks == 101);
  CHECK(stats.children[0].restarts == 0);
  CHECK(stats.children[0].cpu > 0us);
}
