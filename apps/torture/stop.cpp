// Pools are closed and terminated in every state, by several threads at once, while others submit: all of that comes to
// an end, each task has an outcome, and what was accepted before a mere `close` is run.
#include "arena.hpp"
#include "work.hpp"

#include <troupe/pool.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>

#include <unistd.h>

namespace torture {

namespace {

std::uint64_t ignore_and_run(std::uint64_t task) {
  ::signal(SIGTERM, SIG_IGN);
  return run_for_ever(task);
}

std::uint64_t stop_self(std::uint64_t task) {
  account::here().begin(task);
  ::raise(SIGSTOP);
  account::here().end(task);
  return answer(task);
}

std::uint64_t crash(std::uint64_t task) {
  account::here().begin(task);
  std::abort();
}

void wait_in_initializer() {
  ::pause();
}

void fail_in_initializer() {
  throw std::runtime_error("no database");
}

constexpr int most_meanwhile = 5000; // tasks that are submitted while the pool ends

// One pool from its making to its end.
class life {
public:
  life(arena& in, troupe::pool_options options)
    : in_(in)
    , pool_(std::make_unique<troupe::pool>(in.rt, std::move(options))) {
    look_.emplace(in.watched, *pool_);
  }

  template <class F>
  void submit(F f, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
      if (!submit_one(f))
        return;
  }
  // False if the pool takes no more.
  template <class F>
  bool submit_one(F f) {
    const auto task = in_.tasks.submit();
    try {
      auto future = pool_->apply(f, task);
      const std::lock_guard guard(lock_);
      futures_.push_back({task, std::move(future)});
      return true;
    } catch (const troupe::error&) { // closed, or failed
      in_.tasks.resolved(task, outcome::refused);
      return false;
    }
  }
  troupe::pool& pool() { return *pool_; }

  // Closes or terminates it `ways` times at once, while somebody submits.
  void end(const std::vector<bool>& terminates, bool joins);

  // All tasks have outcomes; without `terminate` what was accepted has its own.
  void take(bool was_terminated, bool must_succeed);

private:
  struct submitted {
    std::uint64_t task;
    troupe::task_future<std::uint64_t> future;
  };

  arena& in_;
  std::unique_ptr<troupe::pool> pool_;
  std::optional<watch::on> look_;
  std::mutex lock_;
  std::vector<submitted> futures_;
};

void life::end(const std::vector<bool>& terminates, bool joins) {
  std::jthread submitter([this] {
    for (int i = 0; i < most_meanwhile && submit_one(glance); ++i) {
    }
  });
  {
    std::vector<std::jthread> enders;
    for (const bool at_once : terminates)
      enders.emplace_back([this, at_once, joins] {
        at_once ? pool_->terminate() : pool_->close();
        if (joins)
          pool_->join();
      });
  }
  submitter.join();
  look_.reset();
  pool_.reset(); // terminates, if nobody has
}

void life::take(bool was_terminated, bool must_succeed) {
  for (auto& [task, future] : futures_) {
    future.wait();
    const auto failure = future.error();
    in_.tasks.resolved(task, failure);
    if (must_succeed && !was_terminated && failure != nullptr)
      in_.says.broken("task " + std::to_string(task) +
                      " was accepted before the pool was closed, and has no value");
  }
}

struct state {
  const char* name;
  void (*prepare)(troupe::pool_options& options);
  void (*enter)(life& of);
  bool ends_by_close; // close alone does
  bool succeeds;      // each task, if nobody terminates
};

void nothing(troupe::pool_options&) {}
void wait_for_one(life& of) {
  of.pool().apply([] {}).wait();
}

constexpr state states[] = {
  {"starting", nothing, [](life& of) { of.submit(glance, 20); }, true, true},
  {"idle", nothing, wait_for_one, true, true},
  {"busy", nothing, [](life& of) { of.submit(work, 200); }, true, true},
  {"waiting", nothing, [](life& of) { of.submit(nap, 200); }, true, true},
  {"recycling", [](troupe::pool_options& options) { options.maxtasksperchild = 3; },
    [](life& of) { of.submit(glance, 50); }, true, true},
  {"resizing", nothing,
    [](life& of) {
      of.submit(work, 50);
      of.pool().resize(4);
      of.submit(work, 50);
      of.pool().resize(1);
    },
    true, true},
  {"crashing", nothing, [](life& of) { of.submit(crash, 20); }, true, false},
  {"stopped", nothing, [](life& of) { of.submit(stop_self, 2); }, false, false},
  {"ignoring", nothing, [](life& of) { of.submit(ignore_and_run, 2); }, false, false},
  {"initializing",
    [](troupe::pool_options& options) { options.initializer = troupe::call(wait_in_initializer); },
    [](life& of) { of.submit(glance, 5); }, false, false},
  {"failing",
    [](troupe::pool_options& options) { options.initializer = troupe::call(fail_in_initializer); },
    [](life& of) { of.submit(glance, 5); }, true, false},
};

void one_end(arena& in, const state& in_state) {
  troupe::pool_options options{.processes = in.with.children_or(2),
    .start_method = in.with.method(),
    .restart = {.intensity = 1'000'000},
    .shutdown_timeout = std::chrono::milliseconds(in.random() % 100)};
  in_state.prepare(options);
  life one(in, std::move(options));
  in_state.enter(one);
  if (in.random() % 2 == 0)
    std::this_thread::sleep_for(std::chrono::microseconds(in.random() % 20'000));
  std::vector<bool> terminates(1 + in.random() % 3);
  for (auto&& each : terminates)
    each = in.random() % 2 == 0;
  const bool joins = in.random() % 2 == 0;
  if (joins && !in_state.ends_by_close)
    terminates.front() = true;
  const bool terminated =
    !joins || std::find(terminates.begin(), terminates.end(), true) != terminates.end();
  one.end(terminates, joins);
  one.take(terminated, in_state.succeeds);
}

} // namespace

void stop(arena& in) {
  const auto rounds = in.with.tasks_or(2000, 33);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    one_end(in, states[i % std::size(states)]);
    in.tasks.settle();
  }
  in.says.figure("pools", rounds);
  in.says.figure("states", std::uint64_t{std::size(states)});
}

} // namespace torture
