#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace troupe::policy {

/// Which child is old enough to be replaced, and when (`pool_options::maxageperchild`). Each child gets an age of its
/// own, since those that began together would otherwise leave together. Pure; O(log children).
class child_ages {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What a child may be younger than `most` when it leaves: a tenth of it.
  static constexpr int spread = 10;

  /// `most`: 0 if children of any age may stay.
  explicit child_ages(std::chrono::milliseconds most)
    : most_(most) {}

  /// A child begins to take tasks.
  template <class Generator>
  void begin(std::uint32_t seat, time_point now, Generator& random) {
    if (most_.count() == 0)
      return;
    end(seat);
    if (seat >= due_.size())
      due_.resize(seat + 1);
    std::uniform_int_distribution<std::int64_t> less(0, most_.count() / spread);
    due_[seat] = now + most_ - std::chrono::milliseconds(less(random));
    order_.emplace(*due_[seat], seat);
  }
  /// The child takes no more tasks.
  void end(std::uint32_t seat) {
    if (seat >= due_.size() || !due_[seat])
      return;
    order_.erase({*due_[seat], seat});
    due_[seat].reset();
  }
  /// When the next child will be old enough.
  std::optional<time_point> next() const {
    return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
  }
  /// Takes one that is.
  std::optional<std::uint32_t> take_due(time_point now) {
    if (order_.empty() || order_.begin()->first > now)
      return std::nullopt;
    const auto seat = order_.begin()->second;
    end(seat);
    return seat;
  }

private:
  const std::chrono::milliseconds most_;
  std::vector<std::optional<time_point>> due_; // by seat
  std::set<std::pair<time_point, std::uint32_t>> order_;
};

} // namespace troupe::policy
