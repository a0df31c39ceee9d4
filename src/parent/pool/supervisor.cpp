#include "parent/pool/supervisor.hpp"

#include "parent/child/child_output.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace troupe::parent {

using policy::child_phase;

namespace {

// Looking for work before sleeping pays only while the parent's loop and each child can have a core.
constexpr std::chrono::nanoseconds spin_time{20'000};
// And a child has to learn how long it pays: one that lives for fewer tasks only takes the time from its successor.
constexpr std::size_t least_tasks_for_spinning = 64;

child_state state_of(child_phase phase) {
  switch (phase) {
  case child_phase::starting:
    return child_state::starting;
  case child_phase::ready:
    return child_state::ready;
  case child_phase::retiring:
  case child_phase::leaving:
    return child_state::leaving;
  case child_phase::down:
  case child_phase::spare:
    break;
  }
  return child_state::none;
}

} // namespace

supervisor::supervisor(loop::event_loop& loop, launcher& with, actors::actor_hub& hub,
  std::shared_ptr<const pool_options> options, link::link_size size, owner& told,
  task_listener& tasks)
  : loop_(loop)
  , launcher_(with)
  , hub_(hub)
  , owner_(told)
  , tasks_(tasks)
  , options_(std::move(options))
  , link_size_(size)
  , processes_(options_->processes)
  , history_(options_->processes + options_->spares) {}

supervisor::~supervisor() = default;

link::child_settings supervisor::settings_for(std::size_t slot) const {
  auto settings = common_settings(options_->name, options_->initializer, options_->finalizer);
  settings.position = slot;
  settings.concurrency = options_->childconcurrency;
  const bool lives_long =
    options_->maxtasksperchild == 0 || options_->maxtasksperchild >= least_tasks_for_spinning;
  if (lives_long && processes_ + 1 <= usable_cpus())
    settings.spin_nanoseconds = spin_time.count();
  settings.most_memory = options_->maxmemoryperchild;
  settings.limits = options_->limits;
  settings.place = {options_->environment, options_->working_directory, options_->umask};
  settings.guard = {.on = options_->sandbox != sandbox::none,
    .isolated = options_->sandbox == sandbox::isolated,
    .sockets = options_->sockets,
    .writable = options_->writable_directories};
  if (options_->loop_initializer != nullptr)
    settings.loop_initializer = detail::locate(options_->loop_initializer);
  if (options_->exception_handler != nullptr)
    settings.exception_handler = detail::locate(options_->exception_handler);
  return settings;
}

void supervisor::resize(std::size_t processes) {
  history_.resize(std::max(history_.size(), processes + options_->spares));
  processes_ = processes;
}

std::exception_ptr supervisor::start(std::uint32_t seat, const policy::child_record& child) {
  bool may_spin = false;
  try {
    if (seat >= children_.size()) {
      positions_.resize(seat + 1);
      children_.resize(seat + 1);
    }
    positions_[seat] = child.position;
    const auto settings = settings_for(child.slot);
    may_spin = settings.spin_nanoseconds > 0;
    children_[seat] = std::make_shared<child_process>(loop_, &hub_,
      child_process::listeners{static_cast<life_listener&>(*this), tasks_}, seat, child.generation,
      link_size_, settings, options_->input,
      child_output::make(options_->output, loop_.io(), options_->name, child.slot));
    children_[seat]->launch(launcher_, children_[seat]);
  } catch (...) {
    if (seat < children_.size())
      children_[seat].reset();
    return std::current_exception();
  }
  note_start(child.position);
  if (may_spin)
    loop_.set_spin_maximum(spin_time);
  return nullptr;
}

void supervisor::take_position(std::uint32_t seat, const policy::child_record& child) {
  positions_[seat] = child.position;
  children_[seat]->take_position(child.slot);
  note_start(child.position);
}

void supervisor::note_start(std::size_t position) {
  auto& history = history_[position];
  if (history.starts++ == 0)
    history.first_start = clock::now();
}

void supervisor::child_down(child_process& child) {
  const auto seat = child.seat();
  history_[positions_[seat]].cpu += child.cpu_time();
  owner_.on_down(seat, child);
  try {
    child.end_actors(owner_.reason_for_actors(child));
  } catch (const std::bad_alloc&) {
    // Their watchers are told when the child is destroyed, without the reason.
  }
  children_[seat].reset();
  owner_.on_released();
}

std::vector<child_stats> supervisor::stats(const policy::child_table& table) const {
  std::vector<child_stats> all(table.slots());
  for (std::size_t slot = 0; slot < all.size(); ++slot) {
    auto& one = all[slot];
    one.slot = slot;
    const auto& history = history_[table.position_of(slot)];
    one.tasks = history.tasks;
    one.cpu = history.cpu;
    one.restarts = history.starts == 0 ? 0 : history.starts - 1;
    if (history.starts > 0)
      one.uptime =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - history.first_start);
  }
  for (std::uint32_t seat = 0; seat < table.seats(); ++seat) {
    if (!table.present(seat) || !children_[seat] || table.is_spare(table[seat].position) ||
        !table.in_use(table[seat].position))
      continue;
    auto& one = all[table[seat].slot];
    const auto& child = *children_[seat];
    one.cpu += child.cpu_time();
    one.running += child.tasks().count();
    // Of several children of one slot the one that takes tasks is shown, and otherwise the latest to be launched.
    if (one.state == child_state::ready ||
        (table[seat].phase != child_phase::ready && one.started > child.launched_at()))
      continue;
    one.pid = child.pid();
    one.state = state_of(table[seat].phase);
    one.started = child.launched_at();
  }
  return all;
}

} // namespace troupe::parent
