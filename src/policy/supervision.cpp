#include "policy/supervision.hpp"

#include "base/limits.hpp"
#include "values/error_text.hpp"
#include "values/not_arrived.hpp"

#include <troupe/proxy_exception.hpp>

#include <algorithm>
#include <new>

namespace troupe::policy {

using std::chrono::milliseconds;

namespace {

std::string text_of(milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

// Whether it comes from an initializer or a preload call, and not from a lack of something.
// What the program throws in the very first children, or the very first spares, it will throw again; and
// where it does not come to where children take over, it will not come either.
bool is_of_program(const std::exception_ptr& error) {
  try {
    if (error)
      std::rethrow_exception(error);
  } catch (const proxy_exception&) {
    return true;
  } catch (const values::not_arrived&) {
    return true;
  } catch (...) {
  }
  return false;
}

} // namespace

supervision::supervision(rules with, child_host& host, client& told)
  : rules_(std::move(with))
  , host_(host)
  , client_(told)
  , table_(rules_.processes, rules_.queues, rules_.spares)
  , intensity_(rules_.restart)
  , vacant_(table_.all_positions())
  , not_before_(table_.all_positions()) {
  for (std::size_t position = table_.all_positions(); position > 0; --position)
    vacant_.put(position - 1, true);
}

std::string supervision::name_of(std::size_t position) const {
  return table_.is_spare(position) ? "spare " + std::to_string(position - rules_.processes)
                                   : "child " + std::to_string(table_.slot_of(position));
}

// -- wanted against actual ------------------------------------------------------------------------------

bool supervision::is_vacant(std::size_t position) const noexcept {
  return table_.in_use(position) &&
         !table_.has_child(
           position, {child_phase::starting, child_phase::spare, child_phase::ready});
}

bool supervision::wants_child(std::size_t position) const {
  if (!table_.is_spare(position))
    return client_.needs_children(table_.queue_of(position));
  for (queue_id queue = 0; queue < rules_.queues; ++queue)
    if (client_.needs_children(queue))
      return true;
  return false;
}

bool supervision::all_ready() const {
  for (std::size_t slot = 0; slot < table_.slots(); ++slot)
    if (!table_.has_child(table_.position_of(slot), {child_phase::ready, child_phase::retiring}))
      return false;
  return true;
}

void supervision::look_at(std::size_t position) {
  vacant_.put(position, is_vacant(position));
}

void supervision::reconcile(time_point now) {
  dismiss_outdated_spares(now);
  // In the order of the positions, so that the first children come first.
  std::vector<std::size_t> due;
  for (const auto position : vacant_.members())
    if (not_before_[position] <= now)
      due.push_back(position);
  std::sort(due.begin(), due.end());
  for (const auto position : due)
    if (!stopping_ && vacant_.contains(position) && not_before_[position] <= now &&
        wants_child(position))
      fill(position, now);
  dismiss_retired(now);
}

void supervision::fill(std::size_t position, time_point now) {
  const auto spare = table_.waiting_spare();
  if (!spare || table_.is_spare(position)) {
    start(position, now);
    return;
  }
  const auto vacated = table_[*spare].position;
  promote(*spare, position);
  if (not_before_[vacated] <= now && wants_child(vacated))
    start(vacated, now);
}

void supervision::promote(std::uint32_t seat, std::size_t position) {
  const auto vacated = table_[seat].position;
  table_.promote(seat, position);
  look_at(vacated);
  look_at(position);
  host_.take_position(seat, table_[seat]);
  client_.takes_tasks(seat, table_[seat].queue);
}

void supervision::start(std::size_t position, time_point now) {
  const auto seat = table_.start(position);
  look_at(position);
  std::exception_ptr problem;
  try {
    deadlines_.resize(std::max<std::size_t>(deadlines_.size(), seat + std::size_t{1}));
    retiring_.grow(deadlines_.size());
    problem = host_.start(seat, table_[seat]);
  } catch (...) {
    problem = std::current_exception();
  }
  if (!problem)
    return;
  const auto record = table_[seat];
  table_.down(seat);
  look_at(position);
  const auto message = "could not be prepared: " + values::message_of(problem);
  host_.warn(seat, record, message);
  failed_start(position,
    values::start_failure(
      "pool " + rules_.name + " has failed: " + name_of(position) + " " + message, problem),
    now);
}

void supervision::dismiss_retired(time_point now) {
  const auto seats = retiring_.members(); // a copy: some leave
  for (const auto index : seats) {
    const auto seat = static_cast<std::uint32_t>(index);
    if (!client_.is_idle(seat))
      continue;
    // A successor that has used up its budget already was ready as well.
    if (!stopping_ && table_.in_use(table_[seat].position) &&
        client_.needs_children(table_[seat].queue) &&
        !table_.has_successor(table_[seat], {child_phase::ready, child_phase::retiring}))
      continue;
    leave(seat, now);
  }
}

void supervision::dismiss_outdated_spares(time_point now) {
  for (auto spare = table_.waiting_spare(); spare && table_[*spare].generation <= outdated_;
       spare = table_.waiting_spare())
    leave(*spare, now);
}

// -- events ---------------------------------------------------------------------------------------------

void supervision::launching(std::uint32_t seat, time_point now) {
  if (table_.present(seat) && table_[seat].phase == child_phase::starting)
    set_deadline(seat, now + rules_.start_timeout,
      "it was not ready within the start timeout of " + text_of(rules_.start_timeout));
}

// A deadline that has passed before is judged at the next alarm.
void supervision::launched(std::uint32_t seat) {
  if (table_.present(seat) && deadlines_[seat].when != time_point{})
    by_deadline_.emplace(deadlines_[seat].when, seat);
}

void supervision::ready(std::uint32_t seat) {
  if (table_[seat].phase != child_phase::starting)
    return; // told to leave meanwhile
  drop_deadline(seat);
  table_.ready(seat);
  intensity_.ready();
  had_ready_ = true;
  had_spare_ = had_spare_ || table_[seat].phase == child_phase::spare;
  without_ready_since_.reset();
  host_.child_started(seat, table_[seat]);
  if (table_[seat].phase == child_phase::ready)
    client_.takes_tasks(seat, table_[seat].queue);
}

void supervision::retire(std::uint32_t seat) {
  table_.retire(seat);
  retiring_.put(seat, true);
  look_at(table_[seat].position);
}

void supervision::down(std::uint32_t seat, const child_exit& exit,
  const std::exception_ptr& start_error, blame cause, time_point now) {
  drop_deadline(seat);
  retiring_.put(seat, false);
  const auto was = table_[seat];
  table_.down(seat);
  look_at(was.position);
  if (had_ready_ && !without_ready_since_ &&
      table_.count(child_phase::ready) + table_.count(child_phase::retiring) +
          table_.count(child_phase::spare) ==
        0)
    without_ready_since_ = now;
  const bool died = was.phase != child_phase::leaving;
  if (died) {
    ++deaths_;
    host_.warn(seat, was,
      start_error ? "could not start: " + values::message_of(start_error)
                  : exit.describe() + (exit.message.empty() ? "" : exit.last_words()));
  }
  host_.child_ended(exit, died);
  if (stopping_ || !died) {
    check_all_down();
    return;
  }
  if (was.phase == child_phase::starting) {
    const auto reason = why_no_start(was, exit, start_error);
    const bool worked_before = table_.is_spare(was.position) ? had_spare_ : had_ready_;
    if (!worked_before && is_of_program(start_error))
      give_up(reason, now);
    else
      failed_start(was.position, reason, now);
    return;
  }
  if (cause == blame::task) {
    wait_before_start(was.position, intensity_.died_of_task(table_.slots()), now);
  } else if (const auto delay = intensity_.died(now)) {
    wait_before_start(was.position, *delay, now);
  } else {
    give_up(std::make_exception_ptr(pool_failed(
              "pool " + rules_.name + " has failed: " + name_of(was.position) + " " +
              exit.describe() + ", and more than " + std::to_string(rules_.restart.intensity) +
              " children died within " + text_of(rules_.restart.period) + exit.last_words())),
      now);
  }
}

std::exception_ptr supervision::why_no_start(
  const child_record& child, const child_exit& exit, const std::exception_ptr& start_error) const {
  const auto who = "pool " + rules_.name + " has failed: " + name_of(child.position) + " ";
  if (start_error)
    return values::start_failure(
      who + "could not start: " + values::message_of(start_error), start_error);
  return std::make_exception_ptr(
    start_failed(who + exit.describe() + " before it was ready, as the last of " +
                 std::to_string(intensity_.failed_starts() + 1) + " failed starts in a row" +
                 exit.last_words()));
}

// A pool that has never worked gives up soon; one that has goes on with what it has.
void supervision::failed_start(
  std::size_t position, const std::exception_ptr& reason, time_point now) {
  // One that only waits for its successor takes no task, however long that may be.
  if (had_ready_ && !without_ready_since_ &&
      table_.count(child_phase::ready) + table_.count(child_phase::spare) == 0)
    without_ready_since_ = now;
  if (!had_ready_) {
    if (const auto delay = intensity_.failed_to_start(now))
      wait_before_start(position, *delay, now);
    else
      give_up(reason, now);
  } else if (without_ready_since_ && now - *without_ready_since_ >= rules_.restart.give_up_after) {
    give_up(reason, now);
  } else {
    wait_before_start(position, intensity_.failed_to_restart(), now);
  }
}

void supervision::wait_before_start(std::size_t position, milliseconds delay, time_point now) {
  by_start_.erase({not_before_[position], position});
  // Another child of this position, which dies meanwhile, does not shorten the wait.
  not_before_[position] = std::max(not_before_[position], now + delay);
  // Also without a delay: it may be `reconcile` itself that could not start it.
  by_start_.emplace(not_before_[position], position);
}

// -- orders ---------------------------------------------------------------------------------------------

void supervision::leave(std::uint32_t seat, time_point now) {
  const auto position = table_[seat].position;
  retiring_.put(seat, false);
  table_.leave(seat);
  look_at(position);
  set_deadline(seat, now + rules_.shutdown_timeout,
    "it did not leave within the shutdown timeout of " + text_of(rules_.shutdown_timeout));
  host_.drain(seat);
}

void supervision::resize(std::size_t slots, time_point now) {
  const auto before = table_.slots();
  table_.resize(slots);
  vacant_.grow(table_.all_positions());
  not_before_.resize(table_.all_positions());
  for (auto slot = std::min(before, slots); slot < std::max(before, slots); ++slot)
    look_at(table_.position_of(slot));
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat)
    if (table_.present(seat) && table_[seat].phase == child_phase::starting &&
        !table_.in_use(table_[seat].position))
      leave(seat, now);
}

void supervision::renew() {
  outdated_ = table_.generations();
  renewing_ = true;
}

std::optional<std::size_t> supervision::next_outdated() {
  if (!renewing_ || stopping_ || table_.count(child_phase::retiring) > 0 ||
      table_.count(child_phase::ready) < table_.slots())
    return std::nullopt;
  for (std::size_t slot = 0; slot < table_.slots(); ++slot) {
    const auto seat = table_.ready_child(table_.position_of(slot));
    if (seat && table_[*seat].generation <= outdated_)
      return slot;
  }
  renewing_ = false;
  return std::nullopt;
}

void supervision::end(
  std::uint32_t seat, milliseconds grace, const std::string& reason, time_point now) {
  if (!table_.present(seat) || deadlines_[seat].ending)
    return;
  if (table_[seat].phase ==
      child_phase::leaving) // it was to run its finalizer, but something keeps it
    grace = std::clamp(std::chrono::duration_cast<milliseconds>(deadlines_[seat].when - now),
      milliseconds::zero(), grace);
  host_.warn(seat, table_[seat], "is ended: " + reason);
  const auto position = table_[seat].position;
  retiring_.put(seat, false);
  table_.leave(seat);
  look_at(position);
  terminate(seat, now + grace, reason);
}

void supervision::terminate(std::uint32_t seat, time_point kill_at, const std::string& reason) {
  set_deadline(seat, kill_at, reason);
  deadlines_[seat].ending = true;
  host_.end(seat, child_host::ending::term, reason);
}

void supervision::stop_starting() {
  stopping_ = true;
  by_start_.clear();
}

void supervision::drain_all(time_point now) {
  stop_starting();
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat)
    if (table_.present(seat) && table_[seat].phase != child_phase::leaving)
      leave(seat, now);
  check_all_down();
}

void supervision::terminate_all(const std::string& reason, time_point now) {
  stop_starting();
  for (std::uint32_t seat = 0; seat < table_.seats(); ++seat) {
    if (!table_.present(seat))
      continue;
    retiring_.put(seat, false);
    table_.leave(seat);
    try {
      terminate(seat, now + rules_.shutdown_timeout, reason);
    } catch (const std::bad_alloc&) { // none for a deadline, so none is waited for
      host_.end(seat, child_host::ending::kill, "no memory left"); // needs none
    }
  }
  check_all_down();
}

void supervision::give_up(const std::exception_ptr& reason, time_point now) {
  if (!stopping_) {
    stop_starting();
    host_.failed(reason);
  }
  // First the tasks, which get the reason; then the children that are left.
  client_.gave_up(reason);
  terminate_all("its pool has failed", now);
}

void supervision::check_all_down() {
  if (!stopping_ || table_.population() > 0 || told_all_down_)
    return;
  told_all_down_ = true;
  host_.all_down();
}

// -- time -----------------------------------------------------------------------------------------------

void supervision::set_deadline(std::uint32_t seat, time_point when, std::string reason) {
  drop_deadline(seat);
  deadlines_[seat] = {when, std::move(reason), false};
  by_deadline_.emplace(when, seat);
}

void supervision::drop_deadline(std::uint32_t seat) {
  by_deadline_.erase({deadlines_[seat].when, seat});
  deadlines_[seat] = {};
}

std::optional<supervision::time_point> supervision::next_alarm() const noexcept {
  std::optional<time_point> next;
  if (!by_deadline_.empty())
    next = by_deadline_.begin()->first;
  if (!by_start_.empty() && (!next || by_start_.begin()->first < *next))
    next = by_start_.begin()->first;
  return next;
}

void supervision::alarm(time_point now) {
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    const auto [when, seat] = *by_deadline_.begin();
    auto& port = host_.port(seat);
    // The child may have been ready for long when its launcher comes to say that it is there.
    if (!port.launched()) {
      by_deadline_.erase(by_deadline_.begin());
      continue;
    }
    // What the child has said in time counts, although nobody has looked at it until now.
    port.read();
    if (!by_deadline_.contains({when, seat}))
      continue;
    const auto reason = deadlines_[seat].reason;
    drop_deadline(seat);
    deadlines_[seat].ending = true;
    host_.end(seat, child_host::ending::kill, reason);
  }
  while (!by_start_.empty() && by_start_.begin()->first <= now)
    by_start_.erase(by_start_.begin()); // `reconcile` fills them
}

} // namespace troupe::policy
