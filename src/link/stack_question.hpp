#pragma once

#include "link/shared_region.hpp"

#include <troupe/snapshot.hpp>

#include <csignal>
#include <vector>

#include <sys/types.h>

namespace troupe::link {

/// By which a thread of a child is asked for its stack.
inline constexpr int stack_signal = SIGURG;

/// The parent's side of a `stack_area`: asks threads of a child for their stacks, and collects them. Trusts nothing
/// that it reads there.
class stack_question {
public:
  /// Asks nobody yet. `pid` is a child of this process that has not been waited for.
  stack_question(stack_area& area, pid_t pid);

  /// Sends the signals, to those that have not been asked. Throws `std::system_error`.
  void ask_all();
  /// ... to one of its threads. No other is disturbed: a signal interrupts what waits.
  void ask(pid_t thread);

  /// Whether each thread that can has answered.
  bool answered() const;
  std::size_t answers() const;
  /// What each thread has answered, the first one first.
  std::vector<thread_stack> stacks() const;

private:
  struct known_thread {
    pid_t id;
    std::string name;
  };

  bool knows(pid_t thread) const noexcept;
  // False if the thread has ended meanwhile.
  bool signal(pid_t thread);
  template <class Visit>
  void for_each_answer(Visit visit) const;

  stack_area& area_;
  const pid_t pid_;
  std::uint32_t number_;
  std::uint32_t asked_ = 0; // threads that have got a signal
  std::vector<known_thread> threads_;
};

} // namespace troupe::link
