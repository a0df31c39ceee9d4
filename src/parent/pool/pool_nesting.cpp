#include "parent/pool/pool_actor.hpp"

#include <utility>

// What tasks ask of their pool while they run: tasks of their own, a place for others while they wait.
namespace troupe::parent {

void pool_actor::on_asked(
  child_process& child, const link::frame_header& header, std::span<const std::byte> payload) {
  const auto seat = child.seat();
  if (seat >= requests_.size())
    requests_.resize(seat + 1);
  if (requests_[seat] == nullptr)
    requests_[seat] =
      std::make_shared<child_requests>(exports_, static_cast<child_requests::owner&>(*this), child);
  requests_[seat]->take(header, payload);
}

void pool_actor::on_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) {
  if (seat >= requests_.size() || requests_[seat] == nullptr)
    throw link::protocol_violation("a request is withdrawn that has not been made");
  requests_[seat]->withdraw(request, started_too);
}

void pool_actor::on_exited(std::uint32_t seat) {
  if (seat < requests_.size() && requests_[seat] != nullptr)
    requests_[seat]->stop_popping();
}

void pool_actor::drop_requests(std::uint32_t seat) {
  if (seat < requests_.size() && requests_[seat] != nullptr)
    std::exchange(requests_[seat], nullptr)->drop();
}

// -- nested tasks ---------------------------------------------------------------------------------------

bool pool_actor::is_own(const pool_control& pool) const {
  return caf::actor_cast<caf::abstract_actor*>(pool.scheduling_actor()) == this;
}

// Opened at once, before the outcome of the task that submits it is seen: a pool that closes has not
// drained between the two. It is sent with the batch.
void pool_actor::submit_nested(detail::task_ptr task) {
  shared_->room.force_enter(1); // whoever waits for it must not wait for room
  open(std::move(task));
  if (phase_ == phase::closing)
    supervisor_.start_missing();
}

void pool_actor::cancel_nested(const detail::task_ptr& task, bool started_too) {
  cancel(cancel_task{task, started_too});
}

// -- lending --------------------------------------------------------------------------------------------

void pool_actor::on_lent(child_process& child, const lent_place& place) {
  const auto seat = child.seat();
  dispatcher_.lend(seat, place.task.id, place.kind, place.nesting, place.start, clock::now());
  if (dispatcher_.nesting_floor(seat, place.kind) == 0 || child.all_lent())
    return;
  // What the child will not start now must not stand before what it is to start.
  const auto unstarted = child.remaining_tasks().unstarted;
  for (auto key = unstarted.rbegin(); key != unstarted.rend(); ++key) {
    const auto* entry = ledger_.find(*key);
    if (entry == nullptr)
      continue;
    if (entry->task->nesting < dispatcher_.nesting_floor(seat, entry->task->code.kind) &&
        take_back(*entry))
      put_back(*key);
  }
}

void pool_actor::on_reclaimed(std::uint32_t seat, const lent_place& place) {
  dispatcher_.reclaim(seat, place.task.id, place.kind, clock::now());
}

} // namespace troupe::parent
