// Tasks that fork, and whose copies return, throw, exit, execute something, or stay for a while: each task has its own
// outcome, no task runs in a copy, and no child dies of it.
#include "arena.hpp"
#include "map_tasks.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace torture {

namespace {

enum class way : std::uint64_t {
  returns,
  throws,
  exits,
  exits_at_once,
  executes,
  aborts,
  is_killed,
  lingers, // and returns when the child has long gone on
};
constexpr std::uint64_t ways = 8;

// What the copy does; what comes back from here returns from the task.
void be_copy(way how) {
  switch (how) {
  case way::throws:
    throw std::runtime_error("thrown by a copy");
  case way::exits:
    std::exit(7);
  case way::exits_at_once:
    ::_exit(0);
  case way::executes:
    ::execl("/bin/true", "true", nullptr);
    ::_exit(127);
  case way::aborts:
    std::abort();
  case way::is_killed:
    ::raise(SIGKILL);
    break;
  case way::lingers:
    ::usleep(50'000);
    break;
  case way::returns:
    break;
  }
}

std::uint64_t fork_one(std::uint64_t task, std::uint64_t how, bool waits) {
  account::here().begin(task);
  const pid_t copy = ::fork();
  if (copy < 0)
    throw std::runtime_error("fork failed");
  if (copy == 0) {
    // What the library says when a copy comes back is expected.
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    be_copy(static_cast<way>(how));
    return answer(task);
  }
  if (waits)
    ::waitpid(copy, nullptr, 0);
  account::here().end(task);
  return answer(task);
}

boost::asio::awaitable<std::uint64_t> fork_in_coroutine(
  std::uint64_t task, std::uint64_t how, bool waits) {
  co_return fork_one(task, how, waits);
}

struct forking {
  std::uint64_t task;
  troupe::task_future<std::uint64_t> future;
};

void take(arena& in, forking& one) {
  one.future.wait();
  const auto failure = one.future.error();
  in.tasks.resolved(one.task, failure);
  in.says.require(failure == nullptr && one.future.get() == answer(one.task),
    "task " + std::to_string(one.task) + " has forked, and does not have its value");
}

// `tasks` that fork, a few at a time.
void fork_many(arena& in, troupe::pool& pool, std::uint64_t tasks) {
  constexpr std::size_t at_once = 8;
  for (std::uint64_t done = 0; done < tasks; done += at_once) {
    std::vector<forking> some;
    for (std::size_t i = 0; i < at_once; ++i) {
      const auto task = in.tasks.submit();
      const auto how = in.random() % ways;
      const bool waits = in.random() % 4 != 0;
      some.push_back({task, in.random() % 3 == 0 ? pool.apply(fork_in_coroutine, task, how, waits)
                                                 : pool.apply(fork_one, task, how, waits)});
    }
    for (auto& one : some)
      take(in, one);
  }
}

} // namespace

void fork(arena& in) {
  const auto tasks = in.with.tasks_or(10'000, 200);
  std::uint64_t deaths = 0;
  {
    troupe::pool pool{
      in.rt, {.processes = in.with.children_or(4), .start_method = in.with.method()}};
    std::atomic<bool> over = false;
    {
      std::jthread others([&] { map_until(in, pool, nap, over, 8); });
      fork_many(in, pool, tasks);
      over = true;
    }
    deaths = pool.stats().deaths;
  }
  in.says.figure("forks", tasks);
  in.says.figure("deaths", deaths);
  in.says.require(deaths == 0, "children have died of what their copies did");
}

} // namespace torture
