#include "parent_states.hpp"

#include <troupe/coroutine.hpp>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace torture {

namespace {

void spin() {
  for (volatile bool forever = true; forever;) {
  }
}

void pause_for_ever() {
  for (;;)
    ::pause();
}

boost::asio::awaitable<void> sleep_for_ever() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
}

void stop() {
  ::raise(SIGSTOP);
}

void ignore_signals() {
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_IGN);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

void ignore_and_spin() {
  ignore_signals();
  spin();
}

// The kernel forgets then that the process is to end with its parent.
void change_user() {
  if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0))
    throw std::runtime_error("setuid failed");
}

void change_user_and_spin() {
  change_user();
  spin();
}

// As a tool that a task runs.
void start_sleeper() {
  if (::fork() == 0) {
    ::execlp("sleep", "sleep", "3600", static_cast<char*>(nullptr));
    ::_exit(127);
  }
}

void start_sleeper_and_spin() {
  start_sleeper();
  spin();
}

void crash() {
  std::abort();
}

std::string large(int) {
  return std::string(2'000'000, 'x');
}

void read_input() {
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) == 1) {
  }
  pause_for_ever();
}

void wait_through(const troupe::pool_handle& pool) {
  pool.apply(pause_for_ever).get();
}

void take_from(troupe::queue<int> from) {
  from.pop();
}

int nothing(int value) {
  return value;
}

void say_up() {
  std::puts("up");
  std::fflush(stdout);
}

// A pool in one of the states, and what belongs to it.
class parent {
public:
  parent(troupe::runtime& rt, troupe::start_method method)
    : rt_(rt)
    , options_{.processes = 3, .start_method = method, .restart = {.intensity = 1'000'000}} {}

  // In so many tasks, which have begun when `say_up` is called.
  template <class F, class... Args>
  void run(F f, const Args&... args) {
    open();
    for (int i = 0; i < 3; ++i)
      pool_->apply(f, args...);
    eventually_running();
  }
  troupe::pool& open() {
    if (!pool_) {
      pool_.emplace(rt_, options_);
      pool_->ready()(boost::asio::use_future).get();
    }
    return *pool_;
  }
  // Starts children, and does not wait for them.
  troupe::pool& begin() { return pool_.emplace(rt_, options_); }

  troupe::runtime& runtime() { return rt_; }
  troupe::pool_options& options() { return options_; }

private:
  void eventually_running() {
    for (int i = 0; i < 5000 && pool_->running_tasks().empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  troupe::runtime& rt_;
  troupe::pool_options options_;
  std::optional<troupe::pool> pool_;
};

struct state {
  std::string_view name;
  void (*enter)(
    parent& in); // comes back when the state is reached, or says "up" itself and never does
};

constexpr state states[] = {
  {"idle", [](parent& in) { in.open(); }},
  {"busy", [](parent& in) { in.run(spin); }},
  {"blocking", [](parent& in) { in.run(troupe::blocking(pause_for_ever)); }},
  {"sleeping", [](parent& in) { in.run(sleep_for_ever); }},
  {"starting", [](parent& in) { in.begin(); }},
  {"initializing",
    [](parent& in) {
      in.options().initializer = troupe::call(pause_for_ever);
      in.begin();
    }},
  {"stopped", [](parent& in) { in.run(stop); }},
  {"ignoring", [](parent& in) { in.run(ignore_and_spin); }},
  {"setuid", [](parent& in) { in.run(change_user_and_spin); }},
  {"setuid_idle",
    [](parent& in) {
      for (auto& done : in.open().broadcast(change_user))
        done.get();
    }},
  {"tools", [](parent& in) { in.run(start_sleeper_and_spin); }},
  {"tools_left",
    [](parent& in) {
      for (auto& done : in.open().broadcast(start_sleeper))
        done.get();
    }},
  {"closing",
    [](parent& in) {
      in.run(spin);
      in.open().close();
    }},
  {"terminating",
    [](parent& in) {
      in.options().shutdown_timeout = std::chrono::hours(1);
      in.run(ignore_and_spin);
      in.open().terminate();
    }},
  {"resizing",
    [](parent& in) {
      auto& pool = in.open();
      say_up();
      for (std::size_t i = 0;; ++i) {
        pool.resize(1 + i % 6);
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
      }
    }},
  {"recycling",
    [](parent& in) {
      auto& pool = in.open();
      say_up();
      for (std::size_t i = 0;; ++i) {
        pool.recycle(i % 3);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }},
  {"crashing",
    [](parent& in) {
      auto& pool = in.open();
      say_up();
      for (;;)
        pool.apply(crash).wait();
    }},
  {"mapping",
    [](parent& in) {
      auto& pool = in.open();
      say_up();
      for (int i = 0;; i = 0)
        for (auto& item : pool.map_unordered(nothing, std::views::iota(0, 1'000'000)))
          i += item.value();
    }},
  {"large",
    [](parent& in) {
      auto& pool = in.open();
      say_up();
      for (;;)
        pool.map(large, std::vector<int>(20)).get();
    }},
  {"nested", [](parent& in) { in.run(wait_through, in.open().handle()); }},
  {"queue",
    [](parent& in) {
      const troupe::queue<int> empty(in.runtime(), 1);
      in.run(troupe::blocking(take_from), empty);
      say_up();
      pause_for_ever();
    }},
  {"process",
    [](parent& in) {
      troupe::process alone(in.runtime(), troupe::call(spin));
      alone.start();
      say_up();
      pause_for_ever();
    }},
  {"captured",
    [](parent& in) {
      in.options().output = troupe::output::capture;
      in.run(spin);
    }},
  {"spares",
    [](parent& in) {
      in.options().spares = 2;
      in.run(spin);
    }},
  {"terminal",
    [](parent& in) {
      in.options().input = troupe::input::inherit;
      in.run(read_input);
    }},
  {"halted",
    [](parent& in) {
      in.run(spin);
      say_up();
      ::raise(SIGSTOP);
    }},
};

constexpr auto names = [] {
  std::array<std::string_view, std::size(states)> of{};
  for (std::size_t i = 0; i < of.size(); ++i)
    of[i] = states[i].name;
  return of;
}();

} // namespace

std::span<const std::string_view> parent_states() {
  return names;
}

void be_parent(troupe::runtime& rt, std::string_view name, troupe::start_method method) {
  for (const auto& each : states)
    if (each.name == name) {
      parent in(rt, method);
      each.enter(in);
      say_up();
      pause_for_ever();
    }
  throw std::invalid_argument("there is no state " + std::string(name));
}

} // namespace torture
