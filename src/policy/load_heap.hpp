#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::policy {

/// Some of the children of a pool, the one with the least load first; of equal ones the lowest seat. An
/// indexed binary heap: each operation is O(log children). `top` is O(1).
class load_heap {
public:
  /// The first number decides, then the second.
  using load = std::pair<std::uint32_t, std::uint32_t>;

  /// `set` never allocates for seats below `seats`.
  void grow(std::size_t seats) {
    if (seats <= index_.size())
      return;
    heap_.reserve(seats);
    index_.resize(seats, absent);
  }

  /// The child is in the heap with that load from now on.
  void set(std::uint32_t seat, load with) {
    grow(seat + std::size_t{1});
    const node changed{with, seat};
    auto at = index_[seat];
    if (at == absent) {
      index_[seat] = at = heap_.size();
      heap_.push_back(changed);
    } else if (heap_[at].with == with) {
      return;
    }
    heap_[at] = changed;
    if (heap_.size() > 1)
      sift_down(sift_up(at));
  }

  /// The child is in the heap no more.
  void erase(std::uint32_t seat) {
    if (seat >= index_.size() || index_[seat] == absent)
      return;
    const auto at = index_[seat];
    index_[seat] = absent;
    const auto last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size())
      return;
    heap_[at] = last;
    sift_down(sift_up(at));
  }

  std::optional<std::uint32_t> top() const noexcept {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().seat);
  }

private:
  static constexpr std::size_t absent = static_cast<std::size_t>(-1);

  struct node {
    load with;
    std::uint32_t seat;
    friend bool operator<(const node& a, const node& b) noexcept {
      return a.with != b.with ? a.with < b.with : a.seat < b.seat;
    }
  };

  // Both return where the node ends up.
  std::size_t sift_up(std::size_t at) {
    const auto moved = heap_[at];
    for (; at > 0 && moved < heap_[(at - 1) / 2]; at = (at - 1) / 2)
      place(at, heap_[(at - 1) / 2]);
    place(at, moved);
    return at;
  }
  std::size_t sift_down(std::size_t at) {
    const auto moved = heap_[at];
    for (;;) {
      auto child = 2 * at + 1;
      if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child])
        ++child;
      if (child >= heap_.size() || !(heap_[child] < moved))
        break;
      place(at, heap_[child]);
      at = child;
    }
    place(at, moved);
    return at;
  }
  void place(std::size_t at, const node& what) {
    heap_[at] = what;
    index_[what.seat] = at;
  }

  std::vector<node> heap_;
  std::vector<std::size_t> index_; // by seat: where in the heap
};

} // namespace troupe::policy
