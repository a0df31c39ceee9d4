#pragma once

#include <troupe/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace troupe::core {

/// The life of a child, as its pool sees it.
///
///     starting ──ready──▶ ready ──budget used up──▶ retiring ──last outcome──▶ leaving ──▶ down
///        │                  └──────────── pool drains ───────────────────────────┘          ▲
///        └──────────────── death, at any point ─────────────────────────────────────────────┘
enum class child_phase : std::uint8_t {
  down,     ///< the seat is free
  starting, ///< launched, not yet ready
  ready,    ///< takes tasks
  retiring, ///< takes no more, finishes what it has
  leaving,  ///< told to leave
};

std::string_view to_string(child_phase phase);

struct child_record {
  child_phase phase = child_phase::down;
  std::size_t position = 0; ///< 0 to processes - 1; a successor has its predecessor's
  queue_id queue = 0;
  std::uint32_t generation = 0; ///< counts every child of the pool, from 1
};

/// The children of a pool, by *seat*: a number that a child has for itself as long as it lives, also
/// while its successor for the same position is being started. Checks that phases follow each other
/// as drawn above.
class child_table {
public:
  child_table(std::size_t positions, std::size_t queues)
    : positions_(positions)
    , queues_(queues) {}

  std::size_t positions() const noexcept { return positions_; }
  queue_id queue_of(std::size_t position) const noexcept { return position % queues_; }

  /// A new child for a position, starting. O(seats).
  std::uint32_t start(std::size_t position);
  void ready(std::uint32_t seat);
  void retire(std::uint32_t seat);
  void leave(std::uint32_t seat);
  /// The child is gone; its seat is free.
  void down(std::uint32_t seat);

  child_record& operator[](std::uint32_t seat) { return records_[seat]; }
  const child_record& operator[](std::uint32_t seat) const { return records_[seat]; }
  std::uint32_t seats() const noexcept { return static_cast<std::uint32_t>(records_.size()); }
  bool present(std::uint32_t seat) const noexcept {
    return seat < records_.size() && records_[seat].phase != child_phase::down;
  }
  /// Whether a later child of the same position is in one of these phases. O(seats). The seat itself may
  /// be down, as long as no other child has taken it.
  bool has_successor(std::uint32_t seat, std::initializer_list<child_phase> phases) const noexcept;
  /// Children that are not down.
  std::size_t population() const noexcept { return population_; }
  std::size_t count(child_phase phase) const noexcept;
  std::uint32_t generations() const noexcept { return generations_; }

private:
  void move(std::uint32_t seat, child_phase from, child_phase to);

  std::size_t positions_;
  std::size_t queues_;
  std::vector<child_record> records_;
  std::size_t population_ = 0;
  std::uint32_t generations_ = 0;
};

} // namespace troupe::core
