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
/// written here; whoever has this runs them in between. On the loop's thread.
class worker_actor::batch_run {
public:
  /// `context` is that of the item that runs.
  batch_run(worker_actor& worker, const accepted_call& call, task_context& context)
    : worker_(worker)
    , call_(call)
    , context_(context)
    , begun_(worker.now_)
    , results_(worker.link_, call.cell, call.task)
    , arguments_(detail::view(call.arguments)) {}
  batch_run(const batch_run&) = delete;
  batch_run& operator=(const batch_run&) = delete;

  /// Begins the next item: its arguments. Nothing if there are no more, or the parent has taken the others back.
  std::optional<std::span<const std::byte>> next() {
    const auto item = worker_.claim(call_);
    if (!item)
      return std::nullopt;
    const auto record = arguments_.next();
    if (!record)
      child::leave(exit_protocol); // the parent has sent fewer than it says
    some_ = true;
    context_.task = call_.task + *item;
    return record->content;
  }
  /// It has ended. `result` may be taken.
  void add(detail::bytes& result, const std::exception_ptr& thrown) {
    worker_.end_item(context_, thrown, result);
    worker_.leave_cell(call_.cell);
    results_.add(result, thrown != nullptr);
    if (stride_.is_due()) {
      const auto before = std::exchange(worker_.now_, clock::now());
      stride_.looked(worker_.now_ - before);
    }
  }
  /// Whether there is time for another item, and its result would not have to wait for room.
  bool goes_on() { return worker_.now_ - begun_ < limits::batch_time && results_.has_room(); }
  /// There are no more. `lingers`: of the last one.
  void end(bool lingers = false) {
    if (some_) {
      worker_.now_ = clock::now();
      worker_.cells_.ended(call_.cell, begun_.time_since_epoch().count());
      results_.end(
        static_cast<std::uint64_t>((worker_.now_ - begun_) / std::chrono::nanoseconds(1)), lingers);
      worker_.link_.ring_now();
    }
    worker_.admission_.finished();
  }

private:
  worker_actor& worker_;
  const accepted_call& call_;
  task_context& context_;
  const clock::time_point begun_;
  batch_results results_;
  detail::record_reader arguments_;
  clock_stride stride_;
  bool some_ = false;
};

} // namespace troupe::child
