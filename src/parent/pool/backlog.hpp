#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace troupe::parent {

/// Room for the tasks of a pool that have been submitted and not yet sent to a child: at most `limit` of
/// them, 0 for any number. Thread-safe.
class backlog {
public:
  explicit backlog(std::size_t limit)
    : limit_(limit) {}

  bool is_bounded() const noexcept { return limit_ != 0; }
  std::size_t limit() const noexcept { return limit_; }

  /// Takes room for one task; false if there is none.
  bool try_enter();
  /// Waits for room, then takes what there is, at most `wanted`; how much.
  std::size_t enter(std::size_t wanted);
  /// Takes room whether there is any or not.
  void force_enter(std::size_t count);
  /// Gives the room of one task back.
  void leave();

private:
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t used_ = 0; // guarded by mutex_
};

} // namespace troupe::parent
