#include <troupe/detail/task_state.hpp>

#include "values/map_counters.hpp"

namespace troupe::detail {

void task_state::on_resolve(const outcome& result) noexcept {
  if (auto* of_map = std::exchange(counters, nullptr))
    of_map->completed(result.what != outcome::kind::value);
  options.reset();
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
