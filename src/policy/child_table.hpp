#pragma once

#include <troupe/scheduler.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::policy {

/// The life of a child, as its pool sees it.
///
///     starting ──ready──▶ ready ──budget used up──▶ retiring ──last outcome──▶ leaving ──▶ down
///        │  └──ready──▶ spare ─▲  │                                              ▲          ▲
///        │                        └──────────── pool drains ─────────────────────┘          │
///        └──────────────── death, at any point ─────────────────────────────────────────────┘
enum class child_phase : std::uint8_t {
  down,     ///< the seat is free
  starting, ///< launched, not yet ready
  spare,    ///< ready, and waits for a position
  ready,    ///< takes tasks
  retiring, ///< takes no more, finishes what it has
  leaving,  ///< told to leave
};

std::string_view to_string(child_phase phase);

struct child_record {
  child_phase phase = child_phase::down;
  std::size_t position = 0; ///< a slot's or a spare's; a successor has its predecessor's
  std::size_t slot = 0;     ///< of a spare, the number of its position
  queue_id queue = 0;
  std::uint32_t generation = 0; ///< counts every child of the pool, from 1
  std::uint64_t turn = 0; ///< grows with each taking of a position, so a successor's is larger
};

/// The children of a pool, by *seat*: a number that a child has for itself as long as it lives, also
/// while its successor for the same position is being started. Checks that phases follow each other
/// as drawn above.
///
/// Each operation is O(1), or O(log spares), for a position has a few children at most.
///
/// A *slot* is what a pool's users call the position of a child that takes tasks: 0 to `slots() - 1`. The
/// positions of the spares come after those of the slots that the pool began with; slots that it got later come
/// after the spares. A spare that is ready can take the position of a slot, which leaves its own vacant.
class child_table {
public:
  child_table(std::size_t slots, std::size_t queues, std::size_t spares = 0)
    : slots_(slots)
    , first_spare_(slots)
    , spares_(spares)
    , queues_(queues)
    , at_(slots + spares) {}

  std::size_t slots() const noexcept { return slots_; }
  /// Makes it more slots, or fewer: then the children of the last ones are to go. O(slots).
  void resize(std::size_t slots);
  /// Those of spares as well, and of slots that the pool has had.
  std::size_t all_positions() const noexcept { return at_.size(); }
  bool is_spare(std::size_t position) const noexcept {
    return position >= first_spare_ && position < first_spare_ + spares_;
  }
  /// Of a position that is not a spare's.
  std::size_t slot_of(std::size_t position) const noexcept {
    return position < first_spare_ ? position : position - spares_;
  }
  std::size_t position_of(std::size_t slot) const noexcept {
    return slot < first_spare_ ? slot : slot + spares_;
  }
  /// Whether the position is a spare's, or that of a slot which the pool has now.
  bool in_use(std::size_t position) const noexcept {
    return is_spare(position) || slot_of(position) < slots_;
  }
  queue_id queue_of(std::size_t position) const noexcept { return slot_of(position) % queues_; }

  /// A new child for a position, starting.
  std::uint32_t start(std::size_t position);
  /// It takes tasks from now on, or, at the position of a spare, waits.
  void ready(std::uint32_t seat);
  /// The spare that has waited longest, if there is one.
  std::optional<std::uint32_t> waiting_spare() const noexcept;
  /// A waiting spare takes a position, and tasks.
  void promote(std::uint32_t seat, std::size_t position);
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
  /// Whether a later child of the same position is in one of these phases. `child` may be a copy
  /// of the record of one that is gone.
  bool has_successor(
    const child_record& child, std::initializer_list<child_phase> phases) const noexcept;
  /// Whether a child of that position is in one of these phases.
  bool has_child(std::size_t position, std::initializer_list<child_phase> phases) const noexcept;
  /// The child of that position that takes tasks, if there is one.
  std::optional<std::uint32_t> ready_child(std::size_t position) const noexcept;
  /// The number of children that are not down.
  std::size_t population() const noexcept { return population_; }
  std::size_t count(child_phase phase) const noexcept {
    return counts_[static_cast<std::size_t>(phase)];
  }
  std::uint32_t generations() const noexcept { return generations_; }

private:
  void move(std::uint32_t seat, child_phase from, child_phase to);
  void set_phase(std::uint32_t seat, child_phase to);

  std::size_t slots_;
  const std::size_t first_spare_;
  const std::size_t spares_;
  std::size_t queues_;
  std::vector<child_record> records_;
  std::vector<std::uint32_t> free_;
  std::vector<std::vector<std::uint32_t>> at_; // by position: the seats of its children
  std::set<std::pair<std::uint32_t, std::uint32_t>> spares_waiting_; // generation and seat
  std::array<std::size_t, 6> counts_{};                              // by phase
  std::size_t population_ = 0;
  std::uint32_t generations_ = 0;
  std::uint64_t turns_ = 0;
};

} // namespace troupe::policy
