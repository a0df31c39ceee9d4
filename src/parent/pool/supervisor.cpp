#include "parent/pool/supervisor.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "caf/task_error.hpp"
#include "values/error_text.hpp"
#include "parent/child/log.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace troupe::parent {

using policy::child_phase;

namespace {

// Looking for work before sleeping pays only while the parent's loop and each child can have a core.
constexpr std::chrono::nanoseconds spin_time{20'000};

// Whether it comes from an initializer or a preload call, and not from a lack of something.
bool thrown_by_program(const std::exception_ptr& error) {
  try {
    if (error)
      std::rethrow_exception(error);
  } catch (const proxy_exception&) {
    return true;
  } catch (...) {
  }
  return false;
}

} // namespace

supervisor::supervisor(loop::event_loop& loop, launcher& with, actors::actor_hub& hub,
  const pool_options& options, link::link_size size, owner& told)
  : loop_(loop)
  , launcher_(with)
  , hub_(hub)
  , owner_(told)
  , options_(options)
  , link_size_(size)
  , table_(options.processes, options.queuecount, options.spares)
  , intensity_(options.restart)
  , start_timers_(table_.all_positions())
  , history_(table_.all_positions()) {}

supervisor::~supervisor() = default;

// -- starting -------------------------------------------------------------------------------------------

void supervisor::start_all() {
  for (std::size_t position = 0; position < table_.all_positions(); ++position)
    if (!stopping_)
      start_child(position);
}

void supervisor::start_missing() {
  for (std::size_t position = 0; position < table_.positions(); ++position)
    if (!stopping_ && start_timers_[position] == nullptr &&
        !table_.has_child(position, {child_phase::starting, child_phase::ready}))
      fill(position);
}

link::child_settings supervisor::settings_for(std::size_t position) const {
  link::child_settings settings;
  settings.pool_name = options_.name;
  settings.position = position;
  settings.concurrency = options_.childconcurrency;
  if (options_.processes + 1 <= usable_cpus())
    settings.spin_nanoseconds = spin_time.count();
  settings.limits = options_.limits;
  settings.initializer = link::wire_call::from(options_.initializer);
  settings.finalizer = link::wire_call::from(options_.finalizer);
  if (options_.loop_initializer != nullptr)
    settings.loop_initializer = detail::locate(options_.loop_initializer);
  if (options_.exception_handler != nullptr)
    settings.exception_handler = detail::locate(options_.exception_handler);
  return settings;
}

void supervisor::fill(std::size_t position) {
  const auto spare = table_.waiting_spare();
  if (spare && !table_.is_spare(position))
    promote(*spare, position);
  else
    start_child(position);
}

void supervisor::promote(std::uint32_t seat, std::size_t position) {
  const auto vacated = table_[seat].position;
  table_.promote(seat, position);
  children_[seat]->take_position(position);
  note_start(position);
  owner_.on_ready(seat, table_[seat].queue);
  if (!stopping_ && owner_.needs_children())
    start_child(vacated);
}

void supervisor::note_start(std::size_t position) {
  auto& history = history_[position];
  if (history.starts++ == 0)
    history.first_start = clock::now();
}

void supervisor::start_child(std::size_t position) {
  const auto seat = table_.start(position);
  if (seat >= children_.size()) {
    children_.resize(seat + 1);
    deadlines_.resize(seat + 1);
  }
  const auto settings = settings_for(position);
  try {
    children_[seat] = std::make_shared<child_process>(loop_, &hub_,
      static_cast<child_process::owner&>(*this), seat, table_[seat].generation, link_size_,
      settings, child_output::make(options_.output, loop_.io(), options_.name, position));
    children_[seat]->launch(launcher_, children_[seat]);
  } catch (...) {
    children_[seat].reset();
    table_.down(seat);
    after_failed_prepare(position, std::current_exception());
    return;
  }
  note_start(position);
  if (settings.spin_nanoseconds > 0)
    loop_.set_spin_maximum(spin_time);
  deadlines_[seat] = deadline(seat, options_.start_timeout,
    "it was not ready within the start timeout of " +
      std::to_string(options_.start_timeout.count()) + " ms");
}

void supervisor::start_later(std::size_t position, std::chrono::milliseconds delay) {
  if (delay <= std::chrono::milliseconds::zero()) {
    fill(position);
    return;
  }
  auto& timer = start_timers_[position];
  timer = std::make_unique<boost::asio::steady_timer>(loop_.io(), delay);
  timer->async_wait([this, position](const boost::system::error_code& error) {
    if (error)
      return;
    start_timers_[position].reset();
    if (!stopping_ && owner_.needs_children())
      fill(position);
  });
}

std::unique_ptr<boost::asio::steady_timer> supervisor::deadline(
  std::uint32_t seat, std::chrono::milliseconds after, std::string reason) {
  auto timer = std::make_unique<boost::asio::steady_timer>(loop_.io(), after);
  timer->async_wait([child = std::weak_ptr(children_[seat]), reason = std::move(reason)](
                      const boost::system::error_code& error) {
    const auto alive = child.lock();
    if (!error && alive)
      alive->kill(reason);
  });
  return timer;
}

void supervisor::child_ready(child_process& child) {
  const auto seat = child.seat();
  if (table_[seat].phase != child_phase::starting)
    return; // told to leave meanwhile
  deadlines_[seat].reset();
  table_.ready(seat);
  intensity_.ready();
  had_ready_ = true;
  if (table_[seat].phase == child_phase::ready)
    owner_.on_ready(seat, table_[seat].queue);
  dismiss_retired();
}

// -- leaving --------------------------------------------------------------------------------------------

bool supervisor::has_successor(const policy::child_record& child) const {
  return start_timers_[child.position] != nullptr ||
         table_.has_successor(child,
           {child_phase::starting, child_phase::spare, child_phase::ready, child_phase::retiring});
}

void supervisor::retire(std::uint32_t seat) {
  table_.retire(seat);
  if (owner_.needs_children() && !has_successor(table_[seat]))
    fill(table_[seat].position);
}

void supervisor::dismiss_retired() {
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat) {
    if (!table_.present(seat) || table_[seat].phase != child_phase::retiring ||
        !owner_.is_idle(seat))
      continue;
    // A successor that has used up its budget already was ready as well.
    if (owner_.needs_children() &&
        !table_.has_successor(table_[seat], {child_phase::ready, child_phase::retiring}))
      continue;
    table_.leave(seat);
    children_[seat]->drain();
    deadlines_[seat] = deadline(seat, options_.shutdown_timeout, "it did not leave in time");
  }
}

void supervisor::end(
  std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason) {
  const bool leaving = table_[seat].phase == child_phase::leaving;
  if (leaving && children_[seat]->signalled())
    return;
  if (leaving) { // it was to run its finalizer, but something keeps it
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadlines_[seat]->expiry() - clock::now());
    grace = std::clamp(left, std::chrono::milliseconds::zero(), grace);
  }
  log()->warn("pool {}: child {} (pid {}) is ended: {}", options_.name, table_[seat].position,
    children_[seat]->pid(), base::escape(reason));
  terminate(seat, grace, reason);
}

void supervisor::terminate(
  std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason) {
  table_.leave(seat);
  children_[seat]->signal(SIGTERM, reason);
  deadlines_[seat] = deadline(seat, grace, reason);
}

void supervisor::stop_starting() {
  stopping_ = true;
  for (auto& timer : start_timers_)
    timer.reset();
}

void supervisor::drain_all() {
  stop_starting();
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat) {
    if (!table_.present(seat) || table_[seat].phase == child_phase::leaving)
      continue;
    table_.leave(seat);
    children_[seat]->drain();
    deadlines_[seat] = deadline(seat, options_.shutdown_timeout,
      "it did not leave within the shutdown timeout of " +
        std::to_string(options_.shutdown_timeout.count()) + " ms");
  }
  check_all_down();
}

void supervisor::terminate_all(const std::string& reason) {
  stop_starting();
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat)
    if (table_.present(seat))
      terminate(seat, options_.shutdown_timeout, reason);
  check_all_down();
}

void supervisor::check_all_down() {
  if (stopping_ && table_.population() == 0)
    owner_.on_all_down();
}

// -- dying ----------------------------------------------------------------------------------------------

std::string supervisor::name_of(std::size_t position) const {
  return table_.is_spare(position) ? "spare " + std::to_string(position - table_.positions())
                                   : "child " + std::to_string(position);
}

std::optional<std::chrono::milliseconds> supervisor::after_death(child_phase phase) {
  switch (phase) {
  case child_phase::starting:
    return intensity_.failed_to_start(clock::now());
  case child_phase::spare:
  case child_phase::ready:
  case child_phase::retiring:
    return intensity_.died(clock::now());
  case child_phase::leaving:
  case child_phase::down:
    break;
  }
  return std::chrono::milliseconds::zero();
}

void supervisor::child_down(child_process& child) {
  const auto seat = child.seat();
  const auto keep = std::move(children_[seat]);
  deadlines_[seat].reset();
  const auto was = table_[seat];
  history_[was.position].cpu += child.cpu_time();
  table_.down(seat);
  if (was.phase != child_phase::leaving) {
    ++deaths_;
    log()->warn("pool {}: {} (pid {}) {}", options_.name, name_of(was.position), child.pid(),
      base::escape(child.exit().describe()));
  }
  owner_.on_down(seat, child, was.phase == child_phase::leaving);
  child.end_actors(reason_for_actors(child));
  if (!stopping_) {
    const auto delay = after_death(was.phase);
    // What the program throws in the very first children, it will throw again.
    if (!delay || (!had_ready_ && was.phase == child_phase::starting &&
                    thrown_by_program(child.start_error())))
      give_up(child, was.phase);
    else if (owner_.needs_children() && !has_successor(was))
      start_later(was.position, *delay);
    dismiss_retired();
  }
  check_all_down();
}

void supervisor::after_failed_prepare(std::size_t position, std::exception_ptr why) {
  log()->warn(
    "pool {}: {} could not be prepared: {}", options_.name, name_of(position), message_of(why));
  if (const auto delay = intensity_.failed_to_start(clock::now())) {
    start_later(position, *delay);
    return;
  }
  give_up(start_failure("pool " + options_.name + " has failed: " + name_of(position) +
                          " could not be prepared: " + message_of(why),
    why));
}

void supervisor::give_up(const child_process& last, child_phase phase) {
  const std::string who =
    "pool " + options_.name + " has failed: " + name_of(last.exit().slot) + " ";
  if (phase != child_phase::starting) {
    give_up(std::make_exception_ptr(pool_failed(
      who + last.exit().describe() + ", and more than " +
      std::to_string(options_.restart.intensity) + " children died within " +
      std::to_string(options_.restart.period.count()) + " ms" + last.exit().last_words())));
    return;
  }
  if (!last.start_error()) {
    give_up(std::make_exception_ptr(
      start_failed(who + last.exit().describe() + " before it was ready, as the last of " +
                   std::to_string(intensity_.failed_starts()) + " failed starts in a row" +
                   last.exit().last_words())));
    return;
  }
  give_up(
    start_failure(who + "could not start: " + message_of(last.start_error()), last.start_error()));
}

void supervisor::give_up(std::exception_ptr reason) {
  if (stopping_)
    return;
  log()->error("{}", message_of(reason));
  // First the tasks, which get the reason; then the children that are left.
  owner_.on_gave_up(std::move(reason));
  terminate_all("its pool has failed");
}

// -- passing on -----------------------------------------------------------------------------------------

void supervisor::child_outcome_came(child_process& child, const child_outcome& outcome) {
  ++history_[table_[child.seat()].position].tasks;
  owner_.on_outcome(child.seat(), outcome);
}

void supervisor::child_batch_ended(child_process&) {
  owner_.on_batch_end();
}

void supervisor::child_hosts(child_process& child, std::size_t actors) {
  owner_.on_hosts(child.seat(), actors);
}

// What the actors of a child that is down ended of: a pool that ends in order shuts them down.
caf::error supervisor::reason_for_actors(const child_process& child) const {
  if (stopping_)
    return caf::exit_reason::user_shutdown;
  return compat::error_of(task_error::lost,
    std::make_exception_ptr(error("child " + std::to_string(child.exit().slot) + " (pid " +
                                  std::to_string(child.pid()) + ") " + child.exit().describe())));
}

void supervisor::child_asked(
  child_process& child, const link::frame_header& header, std::span<const std::byte> payload) {
  owner_.on_asked(child, header, payload);
}

void supervisor::child_withdrew(child_process& child, std::uint64_t request, bool started_too) {
  owner_.on_withdrew(child.seat(), request, started_too);
}

void supervisor::child_lent(child_process& child, const lent_place& place) {
  owner_.on_lent(child, place);
}

void supervisor::child_reclaimed(child_process& child, const lent_place& place) {
  owner_.on_reclaimed(child.seat(), place);
}

void supervisor::child_exited(child_process& child) {
  owner_.on_exited(child.seat());
}

std::vector<child_stats> supervisor::stats() const {
  std::vector<child_stats> all(table_.positions());
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
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat) {
    if (!table_.present(seat) || !children_[seat] || table_.is_spare(table_[seat].position))
      continue;
    auto& one = all[table_[seat].position];
    one.cpu += children_[seat]->cpu_time();
    one.running += children_[seat]->book().used();
    if (table_[seat].phase == child_phase::ready || one.pid == 0)
      one.pid = children_[seat]->pid();
  }
  return all;
}

} // namespace troupe::parent
