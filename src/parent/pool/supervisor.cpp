#include "parent/pool/supervisor.hpp"

#include "parent/child/child_output.hpp"

#include <troupe/cpus.hpp>

#include <new>
#include <utility>

namespace troupe::parent {

using policy::child_phase;

namespace {

// Looking for work before sleeping pays only while the parent's loop and each child can have a core.
constexpr std::chrono::nanoseconds spin_time{20'000};

} // namespace

supervisor::supervisor(loop::event_loop& loop, launcher& with, actors::actor_hub& hub,
  const pool_options& options, link::link_size size, owner& told, task_listener& tasks)
  : loop_(loop)
  , launcher_(with)
  , hub_(hub)
  , owner_(told)
  , tasks_(tasks)
  , options_(options)
  , link_size_(size)
  , history_(options.processes + options.spares) {}

supervisor::~supervisor() = default;

link::child_settings supervisor::settings_for(std::size_t position) const {
  auto settings = common_settings(options_.name, options_.initializer, options_.finalizer);
  settings.position = position;
  settings.concurrency = options_.childconcurrency;
  if (options_.processes + 1 <= usable_cpus())
    settings.spin_nanoseconds = spin_time.count();
  settings.limits = options_.limits;
  if (options_.loop_initializer != nullptr)
    settings.loop_initializer = detail::locate(options_.loop_initializer);
  if (options_.exception_handler != nullptr)
    settings.exception_handler = detail::locate(options_.exception_handler);
  return settings;
}

std::exception_ptr supervisor::start(std::uint32_t seat, const policy::child_record& child) {
  bool may_spin = false;
  try {
    if (seat >= children_.size()) {
      positions_.resize(seat + 1);
      children_.resize(seat + 1);
    }
    positions_[seat] = child.position;
    const auto settings = settings_for(child.position);
    may_spin = settings.spin_nanoseconds > 0;
    children_[seat] = std::make_shared<child_process>(loop_, &hub_,
      child_process::listeners{static_cast<life_listener&>(*this), tasks_}, seat, child.generation,
      link_size_, settings, options_.input,
      child_output::make(options_.output, loop_.io(), options_.name, child.position));
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

void supervisor::take_position(std::uint32_t seat, std::size_t position) {
  positions_[seat] = position;
  children_[seat]->take_position(position);
  note_start(position);
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
  std::vector<child_stats> all(table.positions());
  for (std::size_t position = 0; position < all.size(); ++position) {
    const auto& history = history_[position];
    auto& one = all[position];
    one.slot = position;
    one.tasks = history.tasks;
    one.cpu = history.cpu;
    one.restarts = history.starts == 0 ? 0 : history.starts - 1;
    if (history.starts > 0)
      one.uptime =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - history.first_start);
  }
  for (std::uint32_t seat = 0; seat < table.seats(); ++seat) {
    if (!table.present(seat) || !children_[seat] || table.is_spare(table[seat].position))
      continue;
    auto& one = all[table[seat].position];
    one.cpu += children_[seat]->cpu_time();
    one.running += children_[seat]->tasks().count();
    if (table[seat].phase == child_phase::ready || one.pid == 0)
      one.pid = children_[seat]->pid();
  }
  return all;
}

} // namespace troupe::parent
