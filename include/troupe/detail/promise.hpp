#pragma once

#include <troupe/detail/atomic_word.hpp>
#include <troupe/detail/bytes.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/counted_ptr.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstdint>
#include <exception>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// How something that was waited for ended: a task, an operation on a queue, the start of a process.
struct outcome {
  enum class kind : std::uint8_t {
    value,  ///< `payload` is the encoded result
    threw,  ///< `payload` is the encoded `exception_report`
    failed, ///< `error` says why there is no outcome of its own
  };
  kind what = kind::failed;
  bytes payload;
  std::exception_ptr error;

  static outcome failure(std::exception_ptr why) {
    outcome result;
    result.error = std::move(why);
    return result;
  }
  /// A value without content.
  static outcome nothing() {
    outcome result;
    result.what = kind::value;
    return result;
  }
};

class promise;
using promise_ptr = counted_ptr<promise>;

/// Is called back when a promise has its outcome: once, on the thread that resolves it, or by `watch` if
/// that comes late.
class promise_watcher {
public:
  virtual ~promise_watcher();
  virtual void resolved(promise& done) noexcept = 0;
};

/// An outcome that is to come, shared by the one who resolves it, exactly once, and the one who waits for
/// it, blocked or with a watcher. What a task adds is in task_state.hpp.
///
/// All functions may be called from any thread, with the restrictions that they name.
class promise {
public:
  promise() = default;
  promise(const promise&) = delete;
  promise& operator=(const promise&) = delete;

  /// The number by which whoever resolves it knows it: a task's in its pool, a request's in its child.
  std::uint64_t id = 0;

  /// Publishes the outcome and wakes whoever waits. Once only.
  void resolve(outcome&& result) noexcept;
  bool done() const noexcept { return status_.load() == status::done; }
  void wait();
  /// True if the outcome has come.
  bool wait_until(std::chrono::steady_clock::time_point deadline);
  /// At most one at a time, and not while a thread waits.
  void watch(std::shared_ptr<promise_watcher> watcher);
  /// Takes the watcher away; false if it has been called back, or is just being so.
  bool unwatch() noexcept;
  /// After `done`.
  const outcome& result() const noexcept { return outcome_; }
  /// After `done`: the failure, decoding it where necessary; null for a value.
  std::exception_ptr error() const;

protected:
  virtual ~promise();
  /// Whether the caller's reference is the only one, so that nobody else can take another.
  bool has_one_owner() const noexcept { return references_.load() == 1; }

private:
  enum class status : std::uint32_t { pending, waited_for, watched, done };

  // The outcome is known, and nobody who waits has seen it yet.
  virtual void on_resolve(const outcome&) noexcept {}
  bool announce_waiter() noexcept;

  atomic_word<status> status_{status::pending};
  atomic_word<std::uint32_t> references_{0};
  outcome outcome_;
  std::shared_ptr<promise_watcher> watcher_;

  friend void add_owner(promise* shared) noexcept { shared->references_.increment(); }
  friend void drop_owner(promise* shared) noexcept {
    if (shared->references_.decrement() == 0)
      delete shared;
  }
};

/// While one of these lives, promises that the calling thread resolves wake nobody who is blocked: that is
/// done at its end. A thread that waits for one of a batch finds all of them done, and is woken once.
class held_wake_ups {
public:
  held_wake_ups() noexcept;
  held_wake_ups(const held_wake_ups&) = delete;
  held_wake_ups& operator=(const held_wake_ups&) = delete;
  ~held_wake_ups();

private:
  const bool is_outer_;
  std::uint32_t places_ = 0; // a bit for each parking place in which somebody may be woken

  friend class promise;
};

/// Throws `std::logic_error` if the calling thread is a loop's thread, where waiting for `what` would
/// wait for itself.
void check_may_block(const char* what);

} // namespace troupe::detail

#pragma GCC visibility pop
