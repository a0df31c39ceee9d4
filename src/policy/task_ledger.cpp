#include "policy/task_ledger.hpp"

#include "base/contract.hpp"

#include <utility>

namespace troupe::policy {

task_key task_ledger::open(const detail::task_ptr& task) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
    free_.reserve(entries_.capacity()); // `close` does not allocate
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto& e = entries_[index];
  TROUPE_ASSERT(e.where == place::closed);
  e = {}; // what was of the task before it is not this one's
  e.id = next_id_++;
  e.where = place::queued;
  task->id = e.id;
  task->ledger_index = index;
  e.task = task;
  ++queued_;
  return {index, e.id};
}

const task_ledger::entry* task_ledger::find(task_key key) const noexcept {
  if (key.index >= entries_.size())
    return nullptr;
  const auto& e = entries_[key.index];
  return e.where != place::closed && e.id == key.id ? &e : nullptr;
}

task_ledger::entry* task_ledger::find(task_key key) noexcept {
  return const_cast<entry*>(std::as_const(*this).find(key));
}

void task_ledger::assign(task_key key, std::uint32_t seat, std::uint32_t cell) {
  auto* e = find(key);
  TROUPE_ASSERT(e != nullptr && e->where == place::queued);
  e->where = place::in_child;
  e->seat = seat;
  e->cell = cell;
  ++e->attempt;
  --queued_;
  ++in_children_;
}

void task_ledger::put_back(task_key key, bool started) {
  auto* e = find(key);
  TROUPE_ASSERT(e != nullptr && e->where == place::in_child);
  e->where = place::queued;
  e->stopping = false;
  if (!started)
    --e->attempt;
  --in_children_;
  ++queued_;
}

detail::task_ptr task_ledger::close(task_key key) {
  auto* e = find(key);
  if (e == nullptr)
    return nullptr;
  --(e->where == place::queued ? queued_ : in_children_);
  e->where = place::closed;
  free_.push_back(key.index);
  return std::move(e->task);
}

} // namespace troupe::policy
