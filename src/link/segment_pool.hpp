#pragma once

#include "link/segment.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

namespace troupe::link {

/// The segments in which this process, a parent, encodes large arguments. Which child is to get a task is not known
/// when its arguments are encoded, so any child may be given any of them, and none can write into one. Those that are
/// not in use are kept for the next arguments, the ones used last first. Thread-safe.
class segment_pool final : public segment::keeper,
                           public std::enable_shared_from_this<segment_pool> {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The one of this process.
  static segment_pool& of_process();

  /// One of at least `least` bytes, or null: there are too many, or there is no memory or no descriptor.
  detail::block_ptr get(std::size_t least) noexcept;
  /// Whether there is one of that number still.
  bool contains(std::uint64_t number) const;
  /// Gives up those that have been idle since before then; true if there are others that are idle.
  bool trim(time_point idle_since) noexcept;

  void take(std::unique_ptr<segment> unused) noexcept override;

private:
  std::unique_ptr<segment> find_idle(std::size_t least) noexcept;
  void make_room() noexcept;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<segment>> idle_; // the one used last at the end
  std::unordered_set<std::uint64_t> numbers_;  // of all
  std::size_t idle_bytes_ = 0;
};

} // namespace troupe::link
