#include <troupe/scheduler.hpp>

#include <stdexcept>

namespace troupe {

scheduler::~scheduler() = default;

void scheduler::complete_task(task_id) {}

void scheduler::lose_task(task_id) {}

void scheduler::queue_depth(queue_id, std::size_t) {}

void round_robin::register_queue(queue_id) {}

void round_robin::register_process(queue_id queue) {
  turns_.push_back(queue);
}

queue_id round_robin::schedule_task(task_id, const task_info&) {
  if (turns_.empty())
    throw std::logic_error("round_robin: no process is registered");
  if (next_ == turns_.size())
    next_ = 0;
  return turns_[next_++];
}

} // namespace troupe
