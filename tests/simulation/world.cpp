#include "simulation/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <csignal>

// What happens, one event after the other.
namespace troupe::simulation {

using namespace std::chrono_literals;
using policy::pool_machine;

namespace {

bool is_of_parent(event_kind what) noexcept {
  return what <= event_kind::down;
}

} // namespace

world::world(std::uint64_t seed, coverage& seen)
  : random_(seed)
  , seen_(seen) {
  rules_ = make_rules();
  machine_ = std::make_unique<pool_machine>(rules_, *this);
  plan();
}

world::~world() = default;

// -- events ---------------------------------------------------------------------------------------------

void world::at(time_point when, event_kind what, std::uint32_t a, std::uint32_t b,
  std::uint64_t life, std::uint64_t ticket) {
  events_.push_back({when, ++events_made_, what, a, b, life, ticket});
  std::push_heap(events_.begin(), events_.end());
}

std::optional<std::string> world::run() {
  machine_->settle(now_);
  int alarms_in_a_row = 0;
  std::uint64_t handled = 0;
  while (violation_.empty()) {
    auto alarm = machine_->next_alarm();
    if (alarm)
      alarm = std::max({*alarm, paused_until_, now_});
    const bool alarm_is_first = alarm && (events_.empty() || *alarm < events_.front().when ||
                                           (*alarm == events_.front().when && random_.one_in(2)));
    if (alarm_is_first) {
      check(*alarm > now_ || ++alarms_in_a_row < 1000, "alarms make no progress");
      if (*alarm > now_)
        alarms_in_a_row = 0;
      now_ = *alarm;
      machine_->alarm(now_);
      machine_->settle(now_);
      check_after_event();
    } else if (!events_.empty()) {
      std::pop_heap(events_.begin(), events_.end());
      auto next = events_.back();
      events_.pop_back();
      if (is_of_parent(next.what) && next.when < paused_until_) {
        next.when = paused_until_;
        events_.push_back(next);
        std::push_heap(events_.begin(), events_.end());
        continue;
      }
      now_ = next.when;
      handle(next);
    } else {
      break;
    }
    check(++handled < 200'000, "the pool does not come to an end");
    check(now_ < last_user_event_ + 2h || all_down_ > 0, "the pool does not end in time");
    if (all_down_ > 0 && open_.empty())
      break;
  }
  seen_.events += handled;
  if (violation_.empty())
    check_end();
  if (violation_.empty())
    return std::nullopt;
  return violation_ + trace();
}

void world::handle(const event& what) {
  if (what.what >= event_kind::kill && what.what <= event_kind::deafen) {
    strike(what);
    return;
  }
  if (!is_of_parent(what.what)) {
    if (auto* const where = find(what.a, what.life); where != nullptr && where->alive)
      where->happen(what);
    return;
  }
  if (what.what <= event_kind::pause) {
    handle_user(what);
  } else if (auto* const from = find(what.a, what.life)) {
    if (what.what == event_kind::launching) {
      from->launched_at = now_;
      machine_->child_launching(what.a, now_);
    } else if (what.what == event_kind::launched) {
      from->become_known();
      machine_->child_launched(what.a);
    } else if (what.what == event_kind::read) {
      from->read_pending = false;
      from->read();
    } else {
      child_down(*from);
    }
  } else {
    return;
  }
  machine_->settle(now_);
  check_after_event();
}

void world::handle_user(const event& what) {
  switch (what.what) {
  case event_kind::submit:
    if (!closed_)
      submit(what.a);
    break;
  case event_kind::cancel:
    cancel(what.a, what.b != 0);
    break;
  case event_kind::close:
    note("close");
    closed_ = true;
    machine_->close();
    break;
  case event_kind::resize:
    resize(what.a);
    break;
  case event_kind::recycle:
    recycle(what.a);
    break;
  case event_kind::renew:
    note("renew");
    seen_.renewed += closed_ ? 0 : 1;
    if (!closed_)
      renewed_ = machine_->children().children().generations();
    machine_->renew(now_);
    break;
  case event_kind::terminate:
    terminate();
    break;
  case event_kind::fail:
    note("fail");
    told_to_fail_ = true;
    machine_->fail(std::make_exception_ptr(std::runtime_error("somebody said so")), now_);
    break;
  default: // pause
    note("the parent pauses", what.a);
    ++seen_.pauses;
    paused_until_ = now_ + 1ms * what.a;
    paused_ += 1ms * what.a;
    break;
  }
}

// What happens to a child, the parent does not know.
void world::strike(const event& what) {
  child* target = nullptr;
  if (what.life != 0)
    target = find(what.a, what.life);
  else if (!children_.empty())
    target = children_[what.a % children_.size()].get();
  if (target == nullptr || !target->alive)
    return;
  switch (what.what) {
  case event_kind::kill:
    note("killed from outside", target->seat_);
    target->die(
      target->on_cpu_ ? std::optional(target->cells_[*target->on_cpu_].key) : std::nullopt, false,
      SIGKILL);
    break;
  case event_kind::stop:
    note("stopped", target->seat_);
    target->stopped = true;
    target->stuck_since = target->stuck_since.value_or(awake());
    if (!random_.one_in(3))
      at(now_ + length() * static_cast<long>(1 + random_.below(50)), event_kind::go_on,
        target->seat_, 0, target->life_);
    break;
  case event_kind::go_on:
    note("goes on", target->seat_);
    target->go_on();
    break;
  default: // one whose tasks wait for others would wait for ever
    if (target->inbox_.lent() == 0) {
      note("deaf", target->seat_);
      target->deaf = true;
      target->stuck_since = target->stuck_since.value_or(awake());
    }
    break;
  }
}

child* world::find(std::uint32_t seat, std::uint64_t life) {
  return seat < children_.size() && children_[seat] && children_[seat]->life_ == life
           ? children_[seat].get()
           : nullptr;
}

void world::bell(child& from) {
  if (!std::exchange(from.read_pending, true))
    at(now_ + latency(), event_kind::read, from.seat_, 0, from.life_);
}

void world::submit(std::uint32_t index) {
  auto& task = tasks_[index];
  note("submitted", index, task.nesting);
  task.submitted = true;
  task.submitted_at = now_;
  for (std::uint32_t i = 0; i < task.state->size(); ++i) {
    tasks_[index + i].submitted = true;
    tasks_[index + i].submitted_at = now_;
    open_.push_back(index + i);
  }
  being_submitted_ = index;
  submitted_ += task.state->size();
  ++rooms_;
  if (task.for_slot) { // one that has just gone, now and then
    const auto& table = machine_->children().children();
    task.state->slot =
      static_cast<std::uint32_t>(random_.below(table.slots() + (random_.one_in(10) ? 1 : 0)));
    task.queue = task.state->slot % rules_.children.queues;
  }
  machine_->submit(task.state, now_);
  if (task.state->id != 0)
    remember(task.state->id, index);
  for (std::uint32_t i = 1; i < task.batch_size; ++i)
    tasks_[index + i].queue = task.queue;
}

void world::submit_nested(child& asker, std::uint32_t cell, std::uint64_t start) {
  if (tasks_.size() >= max_tasks) {
    asker.answer(cell, start);
    return;
  }
  ++seen_.nested;
  const auto nesting = tasks_[asker.cells_[cell].task].nesting + 1;
  const auto index = make_task(nesting);
  auto& task = tasks_[index];
  task.asker_seat = asker.seat_;
  task.asker_life = asker.life_;
  task.asker_cell = cell;
  task.asker_start = start;
  submit(index);
}

void world::cancel(std::uint32_t index, bool started_too) {
  auto& task = tasks_[index];
  if (!task.submitted || (task.resolved && !task.in_batch))
    return;
  note("cancel", task.state->id, started_too);
  for (std::uint32_t i = 0; i < std::max(task.batch_size, 1u); ++i)
    tasks_[index + i].cancelled = true;
  machine_->cancel(task.state, started_too, now_);
  for (std::uint32_t i = 0; i < task.batch_size; ++i)
    check(part_of(index + i).done() || (tasks_[index + i].in_cell && !started_too),
      "an item of a batch that is cancelled waits", part_of(index + i).id, index + i);
}

void world::resize(std::size_t slots) {
  note("resize", slots);
  const auto& table = machine_->children().children();
  if (!closed_)
    ++(slots > table.slots() ? seen_.grown : seen_.shrunk);
  machine_->resize(slots, now_);
  check(closed_ || table.slots() == slots, "a pool does not have the size that is wanted", slots);
  not_before_.resize(table.all_positions());
  vacant_until_.resize(table.all_positions());
}

void world::recycle(std::uint32_t seat) {
  const auto& table = machine_->children().children();
  const bool takes_tasks = table.present(seat) && table[seat].phase == policy::child_phase::ready;
  note("recycle", seat, takes_tasks);
  machine_->recycle_child(seat, now_);
  if (!takes_tasks)
    return;
  ++seen_.recycled;
  check(closed_ || machine_->failure() || table[seat].phase == policy::child_phase::retiring,
    "a child that is to be recycled takes more tasks", seat);
}

void world::terminate() {
  note("terminate");
  closed_ = terminated_ = true;
  machine_->terminate("its pool was terminated", now_);
}

} // namespace troupe::simulation
