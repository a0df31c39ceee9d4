#include "child/tasks/blocking_threads.hpp"

#include "child/runtime/signal_stack.hpp"

#include <thread>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::child {

std::uint32_t this_thread_number() noexcept {
  thread_local const auto number = static_cast<std::uint32_t>(::syscall(SYS_gettid));
  return number;
}

void blocking_threads::add_thread() {
  std::thread([this] {
    const signal_stack own;
    serve();
  }).detach();
  ++threads_;
}

void blocking_threads::run(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(function));
  try {
    if (idle_ < waiting_.size() && threads_ < allowed())
      add_thread();
  } catch (...) {
    if (threads_ == lent_) { // else one of the others comes to it
      waiting_.pop_back();
      throw;
    }
  }
  changed_.notify_one();
}

void blocking_threads::lend() {
  const std::lock_guard lock(mutex_);
  ++lent_;
  // There may be fewer threads than functions that were started.
  try {
    if (idle_ < waiting_.size() && threads_ < allowed())
      add_thread();
  } catch (...) {
    --lent_;
    throw;
  }
}

void blocking_threads::reclaim() {
  const std::lock_guard lock(mutex_);
  --lent_;
  changed_.notify_one(); // one may be superfluous
}

void blocking_threads::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return !waiting_.empty() || threads_ > allowed(); });
    --idle_;
    if (threads_ > allowed()) {
      --threads_;
      if (!waiting_.empty())
        changed_.notify_one(); // the wake-up may have been for another
      return;
    }
    const auto function = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    function();
    lock.lock();
  }
}

} // namespace troupe::child
