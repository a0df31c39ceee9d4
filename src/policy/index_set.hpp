#pragma once

#include <cstddef>
#include <vector>

namespace troupe::policy {

/// A set of small numbers, such as queues or seats. Each operation is O(1); the order is any.
class index_set {
public:
  index_set() = default;
  explicit index_set(std::size_t size) { grow(size); }

  /// `put` never allocates for numbers below `size`.
  void grow(std::size_t size) {
    if (size <= place_.size())
      return;
    members_.reserve(size);
    place_.resize(size, absent);
  }

  /// Adds or removes `index`.
  void put(std::size_t index, bool in) {
    if (index >= place_.size()) {
      if (!in)
        return;
      place_.resize(index + 1, absent);
    }
    if (contains(index) == in)
      return;
    if (in) {
      place_[index] = members_.size();
      members_.push_back(index);
      return;
    }
    const auto last = members_.back();
    members_[place_[index]] = last;
    place_[last] = place_[index];
    place_[index] = absent;
    members_.pop_back();
  }

  bool contains(std::size_t index) const noexcept {
    return index < place_.size() && place_[index] != absent;
  }
  bool empty() const noexcept { return members_.empty(); }
  std::size_t size() const noexcept { return members_.size(); }
  /// Any member; the set is not empty.
  std::size_t any() const noexcept { return members_.back(); }
  /// In any order.
  const std::vector<std::size_t>& members() const noexcept { return members_; }

private:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);

  std::vector<std::size_t> members_;
  std::vector<std::size_t> place_; // by index: where in `members_`
};

} // namespace troupe::policy
