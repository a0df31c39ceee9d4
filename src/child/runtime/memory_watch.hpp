#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::child {

/// Looks whether this process has more memory than `pool_options::maxmemoryperchild`.
class memory_watch {
public:
  /// `most` bytes; 0: any number.
  explicit memory_watch(std::size_t most = 0)
    : most_(most) {}

  /// For a child that is ready for its first task. Throws `troupe::error` if it has too much already, and
  /// `std::system_error` if there is no /proc from which it could be known.
  void check_start();
  /// For a child that has ended so many tasks until now: whether it is to be replaced. True once at most. It looks only
  /// if a task has ended since the last look, and not again within a millisecond, for a look takes some microseconds.
  bool is_exceeded(std::uint64_t tasks_ended);

private:
  using clock = std::chrono::steady_clock;

  std::size_t most_;
  std::uint64_t tasks_seen_ = 0;
  clock::time_point last_look_{};
};

} // namespace troupe::child
