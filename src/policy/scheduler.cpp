#include <troupe/scheduler.hpp>

#include <algorithm>
#include <functional>
#include <random>
#include <stdexcept>

namespace troupe {

scheduler::~scheduler() = default;

void scheduler::unregister_process(queue_id) {}

void scheduler::complete_task(task_id) {}

void scheduler::lose_task(task_id) {}

void scheduler::queue_depth(queue_id, std::size_t) {}

void scheduler::task_left(queue_id, std::optional<std::chrono::nanoseconds>) {}

bool scheduler::may_move(const task_info&) const noexcept {
  return false;
}

// -- round_robin ----------------------------------------------------------------------------------------

void round_robin::register_queue(queue_id) {}

void round_robin::register_process(queue_id queue) {
  turns_.push_back(queue);
}

void round_robin::unregister_process(queue_id queue) {
  const auto last = std::find(turns_.rbegin(), turns_.rend(), queue);
  if (last != turns_.rend())
    turns_.erase(std::next(last).base());
}

queue_id round_robin::schedule_task(task_id, const task_info&) {
  if (turns_.empty())
    throw std::logic_error("round_robin: no process is registered");
  if (next_ >= turns_.size())
    next_ = 0;
  return turns_[next_++];
}

// -- queue_loads ----------------------------------------------------------------------------------------

void queue_loads::add_queue() {
  loads_.emplace_back();
}

void queue_loads::add_process(queue_id queue) {
  ++loads_.at(queue).processes;
}

void queue_loads::remove_process(queue_id queue) {
  auto& processes = loads_.at(queue).processes;
  processes -= std::min<std::size_t>(processes, 1);
}

void queue_loads::submitted(queue_id queue) {
  ++loads_[queue].tasks;
}

void queue_loads::left(queue_id queue, std::optional<std::chrono::nanoseconds> ran) {
  auto& one = loads_[queue];
  one.tasks -= std::min<std::size_t>(one.tasks, 1);
  if (!ran)
    return;
  one.time.add(*ran);
  time_.add(*ran);
}

double queue_loads::load(queue_id queue) const noexcept {
  const auto& one = loads_[queue];
  const auto& time = one.time.known() ? one.time : time_;
  const auto each = std::max<std::int64_t>(time.value().count(), 1);
  return static_cast<double>(one.tasks) * static_cast<double>(each) /
         static_cast<double>(std::max<std::size_t>(one.processes, 1));
}

queue_id queue_loads::least(queue_id begin) const {
  auto best = begin % loads_.size();
  for (std::size_t i = 1; i < loads_.size(); ++i)
    if (const auto queue = (begin + i) % loads_.size(); load(queue) < load(best))
      best = queue;
  return best;
}

// -- load-aware schedulers ------------------------------------------------------------------------------

void load_aware_scheduler::register_queue(queue_id) {
  loads_.add_queue();
}

void load_aware_scheduler::register_process(queue_id queue) {
  loads_.add_process(queue);
}

void load_aware_scheduler::unregister_process(queue_id queue) {
  loads_.remove_process(queue);
}

queue_id load_aware_scheduler::schedule_task(task_id, const task_info& info) {
  if (loads_.queues() == 0)
    throw std::logic_error("a scheduler was asked for a queue, but none is registered");
  const auto queue = choose(info);
  loads_.submitted(queue);
  return queue;
}

void load_aware_scheduler::task_left(queue_id queue, std::optional<std::chrono::nanoseconds> ran) {
  loads_.left(queue, ran);
}

queue_id least_loaded::choose(const task_info&) {
  const auto best = loads_.least(next_);
  next_ = best + 1;
  return best;
}

struct random_two::generator : std::mt19937_64 {
  using std::mt19937_64::mt19937_64;
};

random_two::random_two()
  : random_two(std::random_device{}()) {}
random_two::random_two(std::uint64_t seed)
  : random_(std::make_shared<generator>(seed)) {}

queue_id random_two::choose(const task_info&) {
  const auto count = loads_.queues();
  const auto first = static_cast<queue_id>((*random_)() % count);
  if (count == 1)
    return first;
  const auto second = (first + 1 + static_cast<queue_id>((*random_)() % (count - 1))) % count;
  return loads_.load(second) < loads_.load(first) ? second : first;
}

queue_id by_key::choose(const task_info& info) {
  if (!info.key.empty())
    return std::hash<std::string_view>{}(info.key) % loads_.queues();
  const auto best = loads_.least(next_);
  next_ = best + 1;
  return best;
}

} // namespace troupe
