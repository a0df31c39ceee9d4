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
  e.id = next_id_;
  next_id_ += task->size();
  e.where = place::queued;
  task->id = e.id;
  task->ledger_index = index;
  e.task = task;
  queued_ += task->size();
  return {index, e.id};
}

void task_ledger::replace(task_key key, const detail::task_ptr& part) {
  auto* e = find(key);
  TROUPE_ASSERT(e != nullptr);
  shrink(key, e->task->size());
  part->id = key.id; // by which it is found
  part->ledger_index = key.index;
  e->task = part;
}

void task_ledger::shrink(task_key key, std::size_t items) {
  (find(key)->where == place::queued ? queued_ : in_children_) -= items;
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
  queued_ -= e->task->size();
  in_children_ += e->task->size();
}

void task_ledger::put_back(task_key key, bool started) {
  auto* e = find(key);
  TROUPE_ASSERT(e != nullptr && e->where == place::in_child);
  e->where = place::queued;
  e->stopping = false;
  if (!started)
    --e->attempt;
  in_children_ -= e->task->size();
  queued_ += e->task->size();
}

detail::task_ptr task_ledger::close(task_key key) {
  auto* e = find(key);
  if (e == nullptr)
    return nullptr;
  (e->where == place::queued ? queued_ : in_children_) -= e->task->size();
  e->where = place::closed;
  free_.push_back(key.index);
  return std::move(e->task);
}

} // namespace troupe::policy
