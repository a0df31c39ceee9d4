#pragma once

#include <troupe/detail/promise.hpp>

#include <deque>
#include <mutex>
#include <utility>

namespace troupe::detail {

/// Watches any number of promises, and collects those that are resolved. Thread-safe.
class completion_list final : public promise_watcher {
public:
  void resolved(promise& done) noexcept override;

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return done_.empty();
  }
  /// One that is resolved; there is one.
  promise_ptr take() {
    const std::lock_guard lock(mutex_);
    auto done = std::move(done_.front());
    done_.pop_front();
    return done;
  }
  /// A promise that is resolved when `take` has something.
  promise_ptr next_completion();

private:
  mutable std::mutex mutex_;
  std::deque<promise_ptr> done_; // guarded by mutex_
  promise_ptr awaited_;          // guarded by mutex_
};

} // namespace troupe::detail
