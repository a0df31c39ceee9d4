#pragma once

#include "child/runtime/exits.hpp"
#include "child/tasks/batch_results.hpp"
#include "child/tasks/worker_actor.hpp"

#include <troupe/detail/batch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <utility>

namespace troupe::child {

/// When to look at the clock in a batch: as rarely as its items are short.
class clock_stride {
public:
  /// After each item: whether it is time to look.
  bool is_due() noexcept { return --left_ == 0; }
  /// So long has it been since the last look.
  void looked(std::chrono::nanoseconds since) noexcept {
    if (since < limits::work_slice / 4)
      stride_ = std::min(2 * stride_, 64u);
    else if (since > limits::work_slice)
      stride_ = 1;
    left_ = stride_;
  }

private:
  unsigned stride_ = 1;
  unsigned left_ = 1;
};

/// The way of a batch through its items, of which one runs at a time: they are claimed here, and their outcomes are
/// written here; whoever has this runs them in between. On the loop's thread; what it says of other threads is for one
/// that runs the items instead, and has `end` called on the loop's.
class worker_actor::batch_run {
public:
  /// `context` is that of the item that runs, `now` the clock of the thread that runs it.
  batch_run(
    worker_actor& worker, const accepted_call& call, task_context& context, clock::time_point& now)
    : worker_(worker)
    , call_(call)
    , context_(context)
    , now_(now)
    , begun_(now)
    , results_(worker.link_, call.cell, call.task)
    , arguments_(detail::view(call.arguments)) {}
  batch_run(const batch_run&) = delete;
  batch_run& operator=(const batch_run&) = delete;

  /// Begins the next item: its arguments. Nothing if there are no more, or the parent has taken the others back.
  std::optional<std::span<const std::byte>> next() {
    const auto item = worker_.claim(call_);
    return item ? std::optional(begin(*item)) : std::nullopt;
  }
  /// In two steps, on any thread: nothing is noted of the item but in the cell.
  std::optional<std::uint32_t> claim() {
    return worker_.cells_.claim(
      call_.cell, call_.delivery, call_.items, now_.time_since_epoch().count());
  }
  std::span<const std::byte> begin(std::uint32_t item) {
    const auto record = arguments_.next();
    if (!record)
      child::leave(exit_protocol); // the parent has sent fewer than it says
    some_ = true;
    context_.task = call_.task + item;
    return record->content;
  }
  /// It has ended. `result` may be taken.
  void add(detail::bytes& result, const std::exception_ptr& thrown) {
    worker_.end_item(context_, thrown, result);
    worker_.leave_cell(call_.cell);
    results_.add(result, thrown != nullptr);
    look_at_clock();
  }
  /// It has ended, and nothing is to be done on the loop's thread before its outcome is known. False if that cannot be
  /// written at once: then it is for `add_last`. On any thread.
  bool try_add(const detail::bytes& result, bool threw) {
    if (!results_.try_add(result, threw))
      return false;
    look_at_clock();
    return true;
  }
  /// The outcome of an item that has ended on another thread, and was the last.
  void add_last(detail::bytes& result, bool threw) { results_.add(result, threw); }
  /// Whether there is time for another item. On any thread.
  bool has_time() const { return now_ - begun_ < limits::batch_time; }
  /// The same, and whether its result would not have to wait for room.
  bool goes_on() { return has_time() && results_.has_room(); }
  /// There are no more. `lingers`: of the last one.
  void end(bool lingers = false) {
    if (some_) {
      now_ = clock::now();
      worker_.cells_.ended(call_.cell, begun_.time_since_epoch().count());
      results_.end(
        static_cast<std::uint64_t>((now_ - begun_) / std::chrono::nanoseconds(1)), lingers);
      worker_.link_.ring_now();
    }
    worker_.admission_.finished();
  }

private:
  void look_at_clock() {
    if (stride_.is_due()) {
      const auto before = std::exchange(now_, clock::now());
      stride_.looked(now_ - before);
    }
  }

  worker_actor& worker_;
  const accepted_call& call_;
  task_context& context_;
  clock::time_point& now_;
  const clock::time_point begun_;
  batch_results results_;
  detail::record_reader arguments_;
  clock_stride stride_;
  bool some_ = false;
};

} // namespace troupe::child
