#include "child/tasks/stop_requests.hpp"

#include "os/process_setup.hpp"

#include <system_error>
#include <vector>

#include <pthread.h>

namespace troupe::child {

std::stop_token stop_requests::token(std::uint32_t cell, task_id task, bool blocks_loop) {
  std::unique_lock lock(mutex_);
  any_.store(true, std::memory_order_release);
  block_loop_.reserve(block_loop_.size() + 1); // what may throw comes first
  auto& mine = entries_[cell];
  if (mine.task != task) {
    mine = {task, std::stop_source()};
    std::erase(block_loop_, cell);
    if (blocks_loop)
      block_loop_.push_back(cell);
  }
  auto source = mine.source;
  if (blocks_loop && !listening_)
    listen();
  lock.unlock();
  if (cells_.is_to_stop(cell, task)) // perhaps before anybody listened
    source.request_stop();
  return source.get_token();
}

void stop_requests::stop(std::uint32_t cell) {
  if (!any_.load(std::memory_order_acquire))
    return;
  std::unique_lock lock(mutex_);
  const auto found = entries_.find(cell);
  if (found == entries_.end() || !cells_.is_to_stop(cell, found->second.task))
    return;
  auto source = found->second.source;
  lock.unlock();
  source.request_stop(); // runs callbacks of the user
}

// The loop cares for the tasks that leave it free.
void stop_requests::look() {
  std::vector<std::stop_source> marked;
  {
    const std::lock_guard lock(mutex_);
    for (const auto cell : block_loop_)
      if (const auto& each = entries_.at(cell); cells_.is_to_stop(cell, each.task))
        marked.push_back(each.source);
  }
  for (auto& source : marked)
    source.request_stop(); // runs callbacks of the user
}

void stop_requests::erase(std::uint32_t cell) {
  const std::lock_guard lock(mutex_);
  entries_.erase(cell);
  std::erase(block_loop_, cell);
}

// The thread never ends: children leave without running destructors.
void stop_requests::listen() {
  const os::signals_blocked for_the_thread;
  try {
    std::thread([this] { run(); }).detach();
  } catch (const std::system_error& e) {
    throw std::system_error(e.code(), "this_task::stop_token: there is no thread on which a plain "
                                      "function could be told to stop");
  }
  listening_ = true;
}

void stop_requests::run() {
  ::pthread_setname_np(::pthread_self(), "troupe-stop");
  for (;;) {
    const auto seen = wanted_.stop_count(); // before the look: what is marked meanwhile changes it
    look();
    wanted_.wait_for_stop(seen);
  }
}

} // namespace troupe::child
