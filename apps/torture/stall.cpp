// Children that are stopped and go on, children that never do, and a parent that is stopped itself: nobody is killed who
// need not be, nothing is lost, and what has a time limit ends by it.
#include "arena.hpp"
#include "map_tasks.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace torture {

namespace {

using namespace std::chrono_literals;

pid_t some_child(arena& in, troupe::pool& pool) {
  const auto children = pool.stats().children;
  return children[in.random() % children.size()].pid;
}

// Some children stop for a while, while the others work.
void pause_children(arena& in, troupe::pool& pool, std::uint64_t times) {
  std::atomic<bool> over = false;
  std::jthread others([&] { map_until(in, pool, nap, over, 64); });
  for (std::uint64_t i = 0; i < times; ++i) {
    const auto pid = some_child(in, pool);
    if (pid <= 0)
      continue;
    ::kill(pid, SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(in.random() % 200));
    ::kill(pid, SIGCONT);
  }
  over = true;
}

std::uint64_t restarts_of(troupe::pool& pool) {
  std::uint64_t restarts = 0;
  for (const auto& child : pool.stats().children)
    restarts += child.restarts;
  return restarts;
}

std::uint64_t stop_for_ever(std::uint64_t task) {
  account::here().begin(task);
  ::raise(SIGSTOP);
  return answer(task);
}

// A child that stops with a task that has a time limit: the task ends by it, and the child.
void stop_child(arena& in, troupe::pool& pool) {
  const watch::on look(in.watched, pool);
  const auto task = in.tasks.submit(2);
  auto stopped = pool.apply(troupe::task_options{.timeout = 50ms}, stop_for_ever, task);
  auto after = pool.apply(glance, task + 1);
  stopped.wait();
  after.wait();
  pid_t blamed = 0;
  in.says.require(tally::kind_of(stopped.error(), blamed) == outcome::timed_out,
    "task " + std::to_string(task) + " has stopped its child, and has not timed out");
  in.says.require(after.error() == nullptr,
    "task " + std::to_string(task + 1) + " has no value, after a child that was stopped");
  in.tasks.resolved(task, stopped.error());
  in.tasks.resolved(task + 1, after.error());
}

// Another process stops this one, and lets it go on after that time.
void pause_parent(const std::string& seconds) {
  const auto pid = std::to_string(::getpid());
  const auto script = "kill -STOP " + pid + "; sleep " + seconds + "; kill -CONT " + pid;
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = script;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  pid_t helper = 0;
  if (const int error = ::posix_spawn(&helper, "/bin/sh", nullptr, nullptr, arguments, environ);
      error != 0)
    throw std::system_error(error, std::generic_category(), "posix_spawn of /bin/sh");
  ::waitpid(helper, nullptr, 0);
}

std::uint64_t work_a_while(std::uint64_t task) {
  account::here().begin(task);
  ::usleep(100'000);
  account::here().end(task);
  return answer(task);
}

// Tasks whose time is long over when the parent comes to look, and that have kept to it.
void stop_parent(arena& in, troupe::pool& pool) {
  const watch::on look(in.watched, pool);
  const auto first = in.tasks.submit(2);
  auto one = pool.apply(troupe::task_options{.timeout = 700ms}, work_a_while, first);
  auto other = pool.apply(troupe::task_options{.timeout = 700ms}, work_a_while, first + 1);
  eventually([&] { return account::here().of(first).begun.load() == 1; }, 60s);
  std::atomic<bool> over = false;
  {
    std::jthread others([&] { map_until(in, pool, nap, over, 64); });
    pause_parent("1");
    over = true;
  }
  one.wait();
  other.wait();
  if (!in.with.brief) // which may run on a machine where they do not keep to it
    for (const auto* const each : {&one, &other})
      in.says.require(each->error() == nullptr,
        "task " + std::to_string(each == &one ? first : first + 1) +
          " has ended in time, and has failed since its parent was stopped");
  in.tasks.resolved(first, one.error());
  in.tasks.resolved(first + 1, other.error());
}

} // namespace

void stall(arena& in) {
  const auto times = in.with.tasks_or(300, 10);
  std::uint64_t deaths = 0;
  {
    troupe::pool pool{
      in.rt, {.processes = in.with.children_or(3), .start_method = in.with.method()}};
    in.tasks.set_most_begun(pool.options().childconcurrency);
    pool.apply([] {}).wait();
    pause_children(in, pool, times);
    for (std::uint64_t i = 0; i < 1 + times / 10; ++i)
      stop_parent(in, pool);
    deaths = restarts_of(pool);
    in.says.require(deaths == 0, "children that were stopped for a moment have died");
  }
  std::uint64_t ended = 0;
  {
    troupe::pool pool{in.rt, {.processes = 1,
                               .start_method = in.with.method(),
                               .restart = {.intensity = 1'000'000},
                               .cancel_grace = 50ms}};
    for (std::uint64_t i = 0; i < times / 2; ++i)
      stop_child(in, pool);
    ended = restarts_of(pool);
  }
  std::uint64_t lost = 0;
  in.tasks.for_each([&](std::uint64_t, const entry& noted) {
    lost += noted.how.load() == static_cast<std::uint32_t>(outcome::lost) ? 1u : 0u;
  });
  in.says.figure("pauses", times);
  in.says.figure("deaths", deaths);
  in.says.figure("ended", ended);
  in.says.require(lost == 0, "tasks are lost, and nobody was killed");
}

} // namespace torture
