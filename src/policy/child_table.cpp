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

void child_table::resize(std::size_t slots) {
  at_.resize(std::max(at_.size(), position_of(slots - 1) + 1));
  slots_ = slots;
}

std::uint32_t child_table::start(std::size_t position) {
  TROUPE_ASSERT(in_use(position));
  // First what takes memory: without it, nothing has changed.
  at_[position].reserve(at_[position].size() + 1);
  if (free_.empty()) {
    free_.reserve(seats() + std::size_t{1});
    records_.emplace_back();
    free_.push_back(seats() - 1);
  }
  const auto seat = free_.back();
  free_.pop_back();
  records_[seat] = {child_phase::down, position, is_spare(position) ? position : slot_of(position),
    queue_of(position), ++generations_, ++turns_};
  set_phase(seat, child_phase::starting);
  at_[position].push_back(seat);
  ++population_;
  return seat;
}

void child_table::set_phase(std::uint32_t seat, child_phase to) {
  auto& record = records_[seat];
  if (to == child_phase::spare)
    spares_waiting_.emplace(record.generation, seat);
  if (record.phase == child_phase::spare)
    spares_waiting_.erase({record.generation, seat});
  if (record.phase != child_phase::down)
    --counts_[static_cast<std::size_t>(record.phase)];
  record.phase = to;
  if (to != child_phase::down)
    ++counts_[static_cast<std::size_t>(to)];
}

void child_table::move(std::uint32_t seat, child_phase from, child_phase to) {
  TROUPE_ASSERT(seat < records_.size() && records_[seat].phase == from);
  set_phase(seat, to);
}

void child_table::ready(std::uint32_t seat) {
  const bool spare = seat < records_.size() && is_spare(records_[seat].position);
  move(seat, child_phase::starting, spare ? child_phase::spare : child_phase::ready);
}

std::optional<std::uint32_t> child_table::waiting_spare() const noexcept {
  return spares_waiting_.empty() ? std::nullopt : std::optional(spares_waiting_.begin()->second);
}

void child_table::promote(std::uint32_t seat, std::size_t position) {
  TROUPE_ASSERT(!is_spare(position) && in_use(position));
  at_[position].push_back(seat);
  move(seat, child_phase::spare, child_phase::ready);
  std::erase(at_[records_[seat].position], seat);
  records_[seat].position = position;
  records_[seat].slot = slot_of(position);
  records_[seat].queue = queue_of(position);
  records_[seat].turn = ++turns_;
}

void child_table::retire(std::uint32_t seat) {
  move(seat, child_phase::ready, child_phase::retiring);
}

void child_table::leave(std::uint32_t seat) {
  TROUPE_ASSERT(present(seat));
  set_phase(seat, child_phase::leaving);
}

void child_table::down(std::uint32_t seat) {
  TROUPE_ASSERT(present(seat));
  set_phase(seat, child_phase::down);
  std::erase(at_[records_[seat].position], seat);
  free_.push_back(seat);
  --population_;
}

bool child_table::has_successor(
  const child_record& child, std::initializer_list<child_phase> phases) const noexcept {
  const auto& there = at_[child.position];
  return std::any_of(there.begin(), there.end(), [&](std::uint32_t seat) {
    return records_[seat].turn > child.turn &&
           std::find(phases.begin(), phases.end(), records_[seat].phase) != phases.end();
  });
}

bool child_table::has_child(
  std::size_t position, std::initializer_list<child_phase> phases) const noexcept {
  const auto& there = at_[position];
  return std::any_of(there.begin(), there.end(), [&](std::uint32_t seat) {
    return std::find(phases.begin(), phases.end(), records_[seat].phase) != phases.end();
  });
}

std::optional<std::uint32_t> child_table::ready_child(std::size_t position) const noexcept {
  for (const auto seat : at_[position])
    if (records_[seat].phase == child_phase::ready)
      return seat;
  return std::nullopt;
}

} // namespace troupe::policy
