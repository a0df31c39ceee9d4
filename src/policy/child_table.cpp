#include "policy/child_table.hpp"

#include "base/contract.hpp"

#include <algorithm>

namespace troupe::policy {

std::string_view to_string(child_phase phase) {
  switch (phase) {
  case child_phase::down:
    return "down";
  case child_phase::starting:
    return "starting";
  case child_phase::spare:
    return "spare";
  case child_phase::ready:
    return "ready";
  case child_phase::retiring:
    return "retiring";
  case child_phase::leaving:
    return "leaving";
  }
  return "unknown";
}

std::uint32_t child_table::start(std::size_t position) {
  TROUPE_ASSERT(position < all_positions());
  const auto free = std::find_if(records_.begin(), records_.end(),
    [](const child_record& record) { return record.phase == child_phase::down; });
  const auto seat = static_cast<std::uint32_t>(free - records_.begin());
  if (free == records_.end())
    records_.emplace_back();
  records_[seat] = {child_phase::starting, position, queue_of(position), ++generations_, ++turns_};
  ++population_;
  return seat;
}

void child_table::move(std::uint32_t seat, child_phase from, child_phase to) {
  TROUPE_ASSERT(seat < records_.size() && records_[seat].phase == from);
  records_[seat].phase = to;
}

void child_table::ready(std::uint32_t seat) {
  const bool spare = seat < records_.size() && is_spare(records_[seat].position);
  move(seat, child_phase::starting, spare ? child_phase::spare : child_phase::ready);
}

std::optional<std::uint32_t> child_table::waiting_spare() const noexcept {
  std::optional<std::uint32_t> oldest;
  for (std::uint32_t seat = 0; seat < seats(); ++seat)
    if (records_[seat].phase == child_phase::spare &&
        (!oldest || records_[seat].generation < records_[*oldest].generation))
      oldest = seat;
  return oldest;
}

void child_table::promote(std::uint32_t seat, std::size_t position) {
  TROUPE_ASSERT(!is_spare(position));
  move(seat, child_phase::spare, child_phase::ready);
  records_[seat].position = position;
  records_[seat].queue = queue_of(position);
  records_[seat].turn = ++turns_;
}

void child_table::retire(std::uint32_t seat) {
  move(seat, child_phase::ready, child_phase::retiring);
}

void child_table::leave(std::uint32_t seat) {
  TROUPE_ASSERT(present(seat));
  records_[seat].phase = child_phase::leaving;
}

void child_table::down(std::uint32_t seat) {
  TROUPE_ASSERT(present(seat));
  records_[seat].phase = child_phase::down;
  --population_;
}

bool child_table::has_successor(
  const child_record& child, std::initializer_list<child_phase> phases) const noexcept {
  return std::any_of(records_.begin(), records_.end(), [&](const child_record& other) {
    return other.position == child.position && other.turn > child.turn &&
           std::find(phases.begin(), phases.end(), other.phase) != phases.end();
  });
}

bool child_table::has_child(
  std::size_t position, std::initializer_list<child_phase> phases) const noexcept {
  return std::any_of(records_.begin(), records_.end(), [&](const child_record& record) {
    return record.position == position &&
           std::find(phases.begin(), phases.end(), record.phase) != phases.end();
  });
}

std::size_t child_table::count(child_phase phase) const noexcept {
  return static_cast<std::size_t>(std::count_if(records_.begin(), records_.end(),
    [phase](const child_record& record) { return record.phase == phase; }));
}

} // namespace troupe::policy
