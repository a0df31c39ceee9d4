#include <troupe/detail/batch.hpp>
#include <troupe/detail/task_state.hpp>

#include "values/map_counters.hpp"

namespace troupe::detail {

namespace {

std::size_t failures_in(const outcome& result, const task_state& task) noexcept {
  if (!task.is_batch())
    return result.what != outcome::kind::value;
  return result.what == outcome::kind::value ? task.failed_items : task.items;
}

} // namespace

// The parts one after another: there may be thousands, and each within the one before would take the stack.
task_state::~task_state() {
  while (rest && rest->has_one_owner())
    rest = task_ptr(std::move(rest->rest));
}

task_ptr task_state::divide(std::uint32_t first) {
  record_reader records(view(arguments_));
  for (std::uint32_t i = 0; i < first; ++i)
    records.next();
  const auto kept = arguments_.size() - records.rest().size();
  bytes others;
  others.assign(records.rest());
  others.attach_all(arguments_);
  task_ptr after(new task_state(code, std::move(others)));
  after->id = id + first;
  after->options = options;
  after->index = index + first;
  after->counters = counters;
  after->nesting = nesting;
  after->items = items - first;
  after->collector = collector;
  if (collector)
    after->watch(collector);
  after->rest = std::move(rest);
  items = first;
  arguments_.truncate(kept); // a sender that still reads them has its own view
  rest = after;
  return after;
}

void task_state::on_resolve(const outcome& result) noexcept {
  if (auto* of_map = std::exchange(counters, nullptr))
    of_map->completed(size(), failures_in(result, *this));
  options.reset();
  collector.reset();
  if (readers_ == 0)
    release_arguments();
}

task_state::arguments_in_use::arguments_in_use(task_ptr task) noexcept
  : task_(std::move(task)) {
  ++task_->readers_;
}

task_state::arguments_in_use::~arguments_in_use() {
  if (--task_->readers_ == 0 && task_->done())
    task_->release_arguments();
}

} // namespace troupe::detail
