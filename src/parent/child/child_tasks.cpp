#include "parent/child/child_tasks.hpp"

#include "base/limits.hpp"
#include "link/request.hpp"
#include "os/process_state.hpp"
#include "parent/child/module_list.hpp"

#include <troupe/detail/batch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace troupe::parent {

using link::protocol_violation;

void task_listener::task_lent(std::uint32_t, const policy::lent_place&) {}

void task_listener::task_reclaimed(std::uint32_t, const policy::lent_place&) {}

void task_listener::item_lingers(std::uint32_t, policy::task_key) {}

void task_listener::child_hosts(std::uint32_t, std::size_t) {}

void task_listener::child_asked(
  child_process&, const link::frame_header&, std::span<const std::byte>) {
  throw protocol_violation("unexpected request");
}

void task_listener::child_withdrew(std::uint32_t, std::uint64_t, bool) {
  throw protocol_violation("unexpected request");
}

child_tasks::child_tasks(child_link& link, task_listener& told, std::uint32_t seat,
  const std::vector<link::module_notice>& modules)
  : link_(link)
  , listener_(told)
  , seat_(seat)
  , table_(link.region().cells())
  , book_(table_.size())
  , cells_(table_.size()) {
  for (const auto& module : modules)
    introduced_.push_back(module.id);
}

// -- what is sent ---------------------------------------------------------------------------------------

std::uint32_t child_tasks::send(
  policy::task_key key, const detail::task_ptr& task, std::uint32_t attempt) {
  introduce(task->code.thunk.module);
  introduce(task->code.target.module);
  const auto cell = book_.take(key, task->code.kind);
  cells_[cell] = {sent_ + 1, task->nesting, false, task->items, 0, 0};
  table_.put(cell, cells_[cell].sequence);
  link::frame_header header;
  header.kind = link::frame_kind::call;
  header.cell = cell;
  header.task = key.id;
  header.extra = attempt;
  header.items = static_cast<std::uint16_t>(task->items);
  auto head = link::call_head::of(task->code);
  if (task->options)
    head.timeout = task->options->timeout.count();
  head.nesting = task->nesting;
  try {
    if (auto* const block = task->arguments().block())
      blocks_in_use_.emplace(cell, block);
    link_.send_bytes(header, std::as_bytes(std::span(&head, 1)), task->arguments(),
      [&] { return std::make_shared<detail::task_state::arguments_in_use>(task); });
  } catch (...) {
    release(cell);
    throw;
  }
  ++sent_;
  return cell;
}

void child_tasks::release(std::uint32_t cell) noexcept {
  table_.release(cell);
  book_.release(cell);
  if (!blocks_in_use_.empty())
    blocks_in_use_.erase(cell);
}

void child_tasks::introduce(std::uint32_t module) {
  if (module == 0 || std::find(introduced_.begin(), introduced_.end(), module) != introduced_.end())
    return;
  introduced_.reserve(introduced_.size() + 1);
  auto encoded = std::make_shared<detail::bytes>();
  encoder{*encoded}(module_list::of_process().notice_of(module));
  link::frame_header header;
  header.kind = link::frame_kind::module;
  link_.send(header, {}, detail::view(*encoded), [&] { return std::move(encoded); });
  introduced_.push_back(module);
}

bool child_tasks::take_back(std::uint32_t cell) {
  if (cells_[cell].lent || table_.close(cell, cells_[cell].sequence) > 0)
    return false;
  unreported_.erase(cell); // what a child reports of a task that it has not begun
  release(cell);
  return true;
}

policy::batch_progress child_tasks::close_batch(std::uint32_t cell) {
  auto& info = cells_[cell];
  const auto before = info.told;
  // A child that has begun nothing, or less than it has reported, scribbles: then all counts as begun.
  const auto claimed = table_.close(cell, cells_[cell].sequence);
  if (claimed >= std::max({std::uint32_t{1}, info.told, info.received}))
    info.items = std::min(info.items, claimed);
  batch_results known;
  if (const auto found = unreported_.find(cell); found != unreported_.end()) {
    known = std::move(found->second);
    unreported_.erase(found);
  }
  collect_staged(known, cell);
  info.told += known.items;
  return {known.items, info.items - before, known.failed, std::move(known.records)};
}

// What the child has written and not yet published; when it is published, it comes again.
void child_tasks::collect_staged(batch_results& to, std::uint32_t cell) {
  try {
    const auto staged = link_.channel().staged();
    if (staged && staged->header.kind == link::frame_kind::results && staged->header.cell == cell &&
        staged->header.task == book_.at(cell).id)
      collect(to, cells_[cell], staged->payload);
  } catch (const protocol_violation& violation) {
    link_.break_link(std::string("protocol violation: ") + violation.what());
  }
}

void child_tasks::request_stop(std::uint32_t cell) {
  table_.request_stop(cell, book_.at(cell).id);
  link_.request_stop(cell);
}

// -- what is known --------------------------------------------------------------------------------------

std::optional<child_tasks::time_point> child_tasks::started_at(std::uint32_t cell) const {
  if (table_.is_unstarted(cell, cells_[cell].sequence))
    return std::nullopt;
  return began_at(cell);
}

child_tasks::time_point child_tasks::began_at(std::uint32_t cell) const {
  return time_point(std::chrono::nanoseconds(table_.started_at(cell)));
}

policy::tasks_in_child child_tasks::remaining() const {
  policy::tasks_in_child result;
  const auto& header = link_.region().header();
  const auto on_loop = header.current.load(std::memory_order_acquire);
  // What the thread that ended the process has said of itself comes before what the loop was doing.
  auto told = header.crash.culprit.load(std::memory_order_acquire);
  if (told != link::crash_area::no_task && (told > table_.size() || book_.at(told - 1).id == 0))
    told = 0; // of a thread whose stack was damaged
  result.blameless = told == link::crash_area::no_task;
  // While the loop executes a task, it takes nothing in.
  const auto taken_in = header.taken_in.load(std::memory_order_acquire);
  const auto in_transfer = on_loop == 0 && (told == 0 || result.blameless) ? taken_in + 1 : 0;
  std::size_t executed = 0; // the number of tasks that may have been on a CPU
  book_.for_each_used([&](std::uint32_t cell) {
    const auto key = book_.at(cell);
    if (!cells_[cell].lent && table_.is_unstarted(cell, cells_[cell].sequence)) {
      result.unstarted.push_back(key);
      if (cells_[cell].sequence == in_transfer)
        result.in_transfer = key;
      return;
    }
    result.started.push_back(key);
    const bool on_thread = book_.kind_at(cell) == detail::call_kind::blocking &&
                           table_.thread_of(cell) != 0 && !cells_[cell].lent;
    if (told != 0 ? told == cell + 1u : on_loop == cell + 1u || on_thread) {
      result.culprit = key;
      ++executed;
    }
  });
  if (executed > 1)
    result.culprit.reset();
  return result;
}

policy::child_pulse child_tasks::pulse() const {
  policy::child_pulse result;
  const auto state = os::look_at_process(pid_);
  result.stopped = state.stopped;
  result.may_progress = state.runs || state.traced;
  if (!state.traced)
    result.cpu = os::cpu_time_of_first_thread(pid_);
  result.on_cpu = link_.region().header().current.load(std::memory_order_acquire) != 0;
  return result;
}

// What the loop executes is on the first thread, and so is a function that has lent its place.
pid_t child_tasks::thread_of(std::uint32_t cell) const {
  if (table_.is_unstarted(cell, cells_[cell].sequence))
    return 0;
  if (book_.kind_at(cell) == detail::call_kind::blocking)
    return static_cast<pid_t>(table_.thread_of(cell));
  const auto on_loop = link_.region().header().current.load(std::memory_order_acquire) == cell + 1u;
  return on_loop || book_.kind_at(cell) == detail::call_kind::plain ? pid_ : 0;
}

std::uint32_t child_tasks::nesting_of(std::uint32_t cell) const {
  if (cell == link::no_cell)
    return 0;
  if (book_.at(cell).id == 0)
    throw protocol_violation("a request of a task that the child does not have");
  return cells_[cell].nesting;
}

// -- what the child says --------------------------------------------------------------------------------

policy::task_key child_tasks::owner_of(const link::frame_header& header) const {
  const auto key = book_.at(header.cell);
  if (key.id == 0 || key.id != header.task)
    throw protocol_violation("outcome of a task that the child does not have");
  if (cells_[header.cell].lent)
    throw protocol_violation("outcome of a task that has lent its place");
  return key;
}

namespace {

std::chrono::nanoseconds time_told_in(const link::frame_header& header) {
  const auto longest =
    static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::hours(24)).count());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(header.extra, longest)));
}

} // namespace

void child_tasks::on_outcome(const link::frame_header& header, std::span<const std::byte> payload) {
  const auto cell = header.cell;
  const auto key = owner_of(header);
  const bool threw = header.kind == link::frame_kind::threw;
  // A batch comes to such an outcome as a whole if the child could not take it in.
  if (cells_[cell].items > 0 && (!threw || cells_[cell].received > 0))
    throw protocol_violation("the outcome of a task for a batch");
  const auto kind = book_.kind_at(cell);
  const auto began = began_at(cell);
  release(cell);
  listener_.task_ended(seat_, {key, kind, threw, payload, time_told_in(header), 0, 0, 1,
                                link_.own_payload(), began, (header.flags & link::lingers) != 0});
}

void child_tasks::on_results(const link::frame_header& header, std::span<const std::byte> payload) {
  const auto cell = header.cell;
  const auto key = owner_of(header);
  auto& info = cells_[cell];
  auto& results = unreported_[cell];
  info.received += collect(results, info, payload);
  if (const auto* const own = link_.own_payload())
    results.records.attach_all(*own);
  const bool lingers = (header.flags & link::lingers) != 0;
  if ((header.flags & link::batch_ended) == 0) {
    if (lingers)
      listener_.item_lingers(seat_, key);
    return;
  }
  // Where something has been told, the batch was closed, and it is known how many items had been begun.
  if (info.received == 0 || info.received != table_.close(cell, info.sequence) ||
      (info.told > 0 && info.received != info.items))
    throw protocol_violation("a batch ends without all outcomes of the items that were begun");
  auto known = std::exchange(results, {});
  const auto ran = info.received;
  unreported_.erase(cell);
  const auto began = began_at(cell);
  release(cell);
  listener_.task_ended(
    seat_, {key, book_.kind_at(cell), false, detail::view(known.records), time_told_in(header),
             known.items, known.failed, ran, &known.records, began, lingers});
}

std::uint32_t child_tasks::collect(
  batch_results& to, const cell_info& info, std::span<const std::byte> records) const {
  // The child could change them while they are looked at.
  detail::bytes copy;
  copy.assign(records);
  detail::record_reader reader(detail::view(copy));
  auto number = info.received;
  std::size_t begin = 0;
  std::uint32_t items = 0;
  std::uint32_t failed = 0;
  for (; const auto record = reader.next(); ++number) {
    if (number >= info.told) {
      ++items;
      failed += record->threw;
    } else {
      begin = copy.size() - reader.rest().size();
    }
  }
  if (!reader.rest().empty() || number > info.items)
    throw protocol_violation("results of a batch that are not those of its items");
  if (to.records.empty() && begin == 0)
    to.records = std::move(copy);
  else
    to.records.append(copy.data() + begin, copy.size() - begin);
  to.items += items; // not before: nothing is counted whose record is not there
  to.failed += failed;
  return number - info.received;
}

// A task that lends its place has been started, whatever the task table says later.
void child_tasks::on_lend(const link::frame_header& header) {
  const auto cell = header.cell;
  const auto key = book_.at(cell);
  if (key.id == 0 || key.id != header.task || cells_[cell].lent ||
      table_.is_unstarted(cell, cells_[cell].sequence))
    throw protocol_violation("a place is lent that the child's tasks do not have");
  if (lent_ >= limits::max_lent_tasks)
    throw protocol_violation("too many places are lent");
  cells_[cell].lent = true;
  ++lent_;
  listener_.task_lent(seat_, {key, book_.kind_at(cell), cells_[cell].nesting, header.extra});
}

void child_tasks::on_reclaim(const link::frame_header& header) {
  const auto cell = header.cell;
  const auto key = book_.at(cell);
  if (key.id == 0 || key.id != header.task || !cells_[cell].lent)
    throw protocol_violation("a place is reclaimed that was not lent");
  cells_[cell].lent = false;
  --lent_;
  listener_.task_reclaimed(seat_, {key, book_.kind_at(cell), cells_[cell].nesting, 0});
}

} // namespace troupe::parent
