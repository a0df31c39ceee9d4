// A program that leaves while its pools are alive and their tasks run, in the way that its argument names. What it
// has as stdout its children have as well: it is closed when the last of them has ended.
#include <troupe/troupe.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

int square(int x) {
  return x * x;
}

pid_t own_pid() {
  return ::getpid();
}

// Looks at nothing: neither at the parent's end of the link, nor whether the parent lives.
void spin() {
  std::atomic<bool> forever = true;
  while (forever) {
  }
}

void sleep_long() {
  std::this_thread::sleep_for(1h);
}

// Not buffered: not every way to leave writes out what is.
void say(const std::string& text) {
  const auto line = text + "\n";
  [[maybe_unused]] const auto written = ::write(1, line.data(), line.size());
}

[[noreturn]] void pause_for_ever() {
  for (;;)
    ::pause();
}

// A pool of three children, all of which are busy.
struct busy_pool {
  explicit busy_pool(troupe::runtime& rt)
    : pool(rt, {.processes = 3, .childconcurrency = 2}) {
    for (auto& started : pool.broadcast(own_pid))
      started.get();
    tasks.push_back(pool.apply(spin));
    tasks.push_back(pool.apply(troupe::blocking(sleep_long)));
    while (pool.stats().running < tasks.size())
      std::this_thread::yield();
  }

  troupe::pool pool;
  std::vector<troupe::task_future<void>> tasks;
};

// -- ways to leave --------------------------------------------------------------------------------------

int quick_exits(troupe::runtime& rt) {
  const busy_pool busy(rt);
  std::at_quick_exit([] { say("leaving quickly"); });
  std::quick_exit(5);
}

// `exit` runs destructors of static objects on a thread that is not main's.
int exits_on_another_thread(troupe::runtime& rt) {
  static std::unique_ptr<busy_pool> busy;
  busy = std::make_unique<busy_pool>(rt);
  auto task =
    std::move(busy->tasks.front()); // not static: nobody destroys it while it is waited for
  std::thread([] { std::exit(5); }).detach();
  try {
    task.get();
  } catch (const troupe::task_cancelled&) {
    // The pool has ended under it; the process is about to.
  }
  pause_for_ever();
}

int is_terminated(troupe::runtime& rt) {
  const busy_pool busy(rt);
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  std::set_terminate([] {
    say("terminating");
    std::abort();
  });
  std::thread([] { throw std::runtime_error("nobody catches it"); }).join();
  return 1;
}

// Main's thread ends, and another one goes on, and leaves.
int main_thread_ends(troupe::runtime& rt) {
  auto* pool = new troupe::pool(rt, {.processes = 1});
  const auto child = pool->apply(own_pid).get();
  const auto main_thread = ::pthread_self();
  std::thread([pool, child, main_thread] {
    ::pthread_join(main_thread, nullptr);
    say(pool->apply(own_pid).get() == child ? "the child lives" : "the child has died");
    auto task = pool->apply(spin);
    std::exit(5);
  }).detach();
  ::pthread_exit(nullptr);
}

// -- a daemon -------------------------------------------------------------------------------------------

bool becomes_daemon() {
  return ::daemon(1, 1) == 0; // stays where it is, and keeps stdout
}

std::string thrown_by(const std::function<void()>& function) {
  try {
    function();
    return "nothing";
  } catch (const std::exception& e) {
    return e.what();
  }
}

int is_daemon_first() {
  if (!becomes_daemon())
    return 1;
  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = 2}};
  say("the daemon gets " + thrown_by([&] { say(std::to_string(pool.apply(square, 3).get())); }));
  return 0;
}

int becomes_daemon_later(troupe::runtime& rt) {
  busy_pool busy(rt);
  if (!becomes_daemon()) // what it was leaves by _exit
    return 1;
  say("apply: " + thrown_by([&] { busy.pool.apply(square, 3); }));
  say("get: " + thrown_by([&] { busy.tasks.front().get(); }));
  say("runtime: " + thrown_by([] { troupe::runtime another; }));
  return 0;
}

// -- another user's rights -------------------------------------------------------------------------------

// leaving_parent "waits" START_METHOD: says who it is, and waits to be killed.
int waits_to_be_killed(troupe::runtime& rt) {
  const busy_pool busy(rt);
  say("user " + std::to_string(::getuid()) + " as " + std::to_string(::geteuid()));
  say("up");
  pause_for_ever();
}

} // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "daemon before child_entry")
    return is_daemon_first();
  troupe::child_entry(argc, argv);
  if (how == "daemon first")
    return is_daemon_first();
  if (argc > 2)
    troupe::set_start_method(argv[2]);
  static troupe::runtime rt;
  if (how == "quick_exit")
    return quick_exits(rt);
  if (how == "exit on another thread")
    return exits_on_another_thread(rt);
  if (how == "terminate")
    return is_terminated(rt);
  if (how == "pthread_exit")
    return main_thread_ends(rt);
  if (how == "daemon later")
    return becomes_daemon_later(rt);
  if (how == "waits")
    return waits_to_be_killed(rt);
  return 2;
}
