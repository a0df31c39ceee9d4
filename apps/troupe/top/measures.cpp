#include "top/measures.hpp"

#include "top/format.hpp"

#include <algorithm>

namespace troupe_cli {

namespace {

const task_status* find_earlier(const pool_status* before, const task_label& label) {
  if (before == nullptr)
    return nullptr;
  for (const auto& task : before->tasks)
    if (task.label.name == label.name && task.label.others == label.others &&
        task.label.function.module == label.function.module &&
        task.label.function.offset == label.function.offset)
      return &task;
  return nullptr;
}

} // namespace

const pool_status* earlier_look(const process_status* before, const pool_status& pool) {
  if (before == nullptr)
    return nullptr;
  const auto found = std::ranges::find(before->pools, pool.id, &pool_status::id);
  return found == before->pools.end() ? nullptr : &*found;
}

comparison compare(
  const process_status& process, const pool_status& pool, const process_status* before) {
  if (const auto* const earlier = earlier_look(before, pool))
    return {earlier, std::chrono::duration<double>(process.when - before->when).count()};
  microseconds longest{0};
  for (const auto& child : pool.children)
    longest = std::max(longest, child.uptime);
  return {nullptr, std::chrono::duration<double>(longest).count()};
}

double rate(std::uint64_t now, std::uint64_t before, double seconds) {
  return seconds <= 0 || now < before ? -1 : static_cast<double>(now - before) / seconds;
}

double rate_of(const pool_status& pool, const comparison& with) {
  return rate(pool.ended(), with.before == nullptr ? 0 : with.before->ended(), with.seconds);
}

double rate_of(const task_status& task, const comparison& with) {
  const auto* const earlier = find_earlier(with.before, task.label);
  return rate(task.ended(), earlier == nullptr ? 0 : earlier->ended(), with.seconds);
}

double seconds_left(std::uint64_t left, double per_second) {
  if (left == 0 || per_second <= 0)
    return -1;
  const auto seconds = static_cast<double>(left) / per_second;
  return seconds > 1e9 ? -1 : seconds;
}

std::string time_left(std::uint64_t left, double per_second) {
  const auto seconds = seconds_left(left, per_second);
  return seconds < 0 ? "-" : duration_text(microseconds(static_cast<std::int64_t>(seconds * 1e6)));
}

double cpu_share(const child_status& child, const pool_status* before, double seconds) {
  microseconds used = child.cpu;
  if (before != nullptr) {
    const auto earlier = std::ranges::find(before->children, child.slot, &child_status::slot);
    used -= earlier == before->children.end() ? microseconds(0) : earlier->cpu;
  }
  return seconds <= 0 ? 0 : 100 * std::chrono::duration<double>(used).count() / seconds;
}

std::size_t busy_children(const pool_status& pool) {
  return static_cast<std::size_t>(
    std::ranges::count_if(pool.children, [&](const child_status& child) {
      return child.running > 0 || work_of(pool, child.slot).longest != nullptr;
    }));
}

child_work work_of(const pool_status& pool, std::size_t slot) {
  child_work work;
  for (const auto& task : pool.running_tasks) {
    if (task.slot != slot)
      continue;
    if (work.longest == nullptr)
      work.longest = &task;
    else
      ++work.others;
  }
  return work;
}

std::string place_of(const failure_status& failure) {
  auto place = "task " + std::to_string(failure.id);
  if (failure.attempt > 1)
    place += ", attempt " + std::to_string(failure.attempt);
  if (failure.pid != 0)
    place += ", slot " + std::to_string(failure.slot) + ", pid " + std::to_string(failure.pid);
  return place;
}

std::vector<std::string> frames_of(
  const process_status& process, const failure_status& failure, const view_names& names) {
  std::vector<std::string> frames;
  for (const auto& place : failure.stack) {
    auto frame = names.of_frame(process.modules, place);
    if (frame.find("troupe/detail/callable.hpp:") != std::string::npos ||
        frame.starts_with("troupe::child::"))
      break;
    frames.push_back(std::move(frame));
  }
  return frames;
}

} // namespace troupe_cli
