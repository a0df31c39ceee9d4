#pragma once

#include "link/segment.hpp"
#include "link/shared_region.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace troupe::parent {

/// The segments of one child for its results, each at a place, which is a bit of `region_header::returned`. The bit
/// says that the child may write into it; who takes it away, by an atomic operation, has the segment: the child for a
/// result, or the parent to give it up. What lies in one and is not taken outlives the child. Thread-safe.
class result_segments final : public link::segment::keeper,
                              public std::enable_shared_from_this<result_segments> {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit result_segments(std::shared_ptr<link::shared_region> region);
  result_segments(const result_segments&) = delete;
  ~result_segments();

  /// Makes one, which the child has as soon as it has mapped it; its place. Nothing if there are too many, or if there is no
  /// memory or no descriptor. `made` is the segment, whose descriptor may be passed on and closed.
  std::optional<std::uint32_t> make(std::size_t size, link::segment*& made);
  /// The one of that number, which the child says it has filled; null if it does not have it.
  detail::block_ptr lend(std::uint64_t number) noexcept;
  /// Gives up those that the child has, and has not used since before then; their numbers.
  std::vector<std::uint64_t> trim(time_point idle_since);
  bool empty() const;
  /// The child is gone.
  void close() noexcept;

  void take(std::unique_ptr<link::segment> unused) noexcept override;

private:
  struct entry {
    std::uint64_t number = 0; // 0: there is none
    std::size_t size = 0;
    std::unique_ptr<link::segment> owned; // null: it is lent to somebody here
  };

  void give_up(entry& which) noexcept;

  const std::shared_ptr<link::shared_region> region_;
  mutable std::mutex mutex_;
  std::vector<entry> entries_; // by place
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

} // namespace troupe::parent
