#pragma once

#include <troupe/scheduler.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace troupe_cli {

/// Gives each task to the queue that has the fewest, waiting and running, however long they take: commands take none of
/// their child's time.
class fewest_tasks final : public troupe::scheduler {
public:
  void register_queue(troupe::queue_id) override { counts_.push_back(0); }
  void register_process(troupe::queue_id) override {}
  troupe::queue_id schedule_task(troupe::task_id, const troupe::task_info&) override {
    const auto fewest = std::min_element(counts_.begin(), counts_.end());
    ++*fewest;
    return static_cast<troupe::queue_id>(fewest - counts_.begin());
  }
  void task_left(troupe::queue_id queue, std::optional<std::chrono::nanoseconds>) override {
    auto& count = counts_.at(queue);
    count -= count > 0; // what is given to every child was not scheduled here
  }
  bool may_move(const troupe::task_info&) const noexcept override { return true; }

private:
  std::vector<std::size_t> counts_; // by queue
};

} // namespace troupe_cli
