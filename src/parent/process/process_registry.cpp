#include "parent/process/process_registry.hpp"

#include "parent/process/process_control.hpp"

#include <stdexcept>
#include <utility>

namespace troupe::parent {

void process_registry::add(std::shared_ptr<process_control> process) {
  const std::lock_guard lock(mutex_);
  if (ending_)
    throw std::logic_error(
      "cannot start process " + process->name() + ": the runtime is ending, so start it earlier");
  running_.push_back(std::move(process));
}

void process_registry::remove(const process_control& process) {
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [&](const auto& one) { return one.get() == &process; });
  if (running_.empty())
    changed_.notify_all();
}

void process_registry::end_all() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  const auto all = running_;
  lock.unlock(); // they take locks of their own
  for (const auto& process : all)
    process->runtime_ends();
  lock.lock();
  changed_.wait(lock, [this] { return running_.empty(); });
}

} // namespace troupe::parent
