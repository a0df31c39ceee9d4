#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace troupe::child {

/// The number of the calling thread, as /proc has it.
std::uint32_t this_thread_number() noexcept;

/// The threads on which a child runs blocking functions. None until the first one is needed. They live as
/// long as the process.
class blocking_threads {
public:
  explicit blocking_threads(std::size_t count)
    : count_(count) {}
  blocking_threads(const blocking_threads&) = delete;
  blocking_threads& operator=(const blocking_threads&) = delete;

  /// Runs it on a thread, or later if all are busy. Throws `std::system_error` if a thread is needed that
  /// cannot be made: if there is none, or the functions on all of them wait, maybe for this one.
  void run(std::function<void()> function);

  /// The function that runs on one of the threads waits: one thread more is allowed meanwhile. Throws
  /// `std::system_error` if one is needed that cannot be made.
  void lend();
  /// It goes on.
  void reclaim();

private:
  // Both require the lock.
  std::size_t allowed() const noexcept { return count_ + lent_; }
  void add_thread();
  void serve();

  const std::size_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_; // guarded by mutex_, as all that follows
  std::size_t lent_ = 0;                      // the functions that wait
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
};

} // namespace troupe::child
