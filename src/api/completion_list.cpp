#include "api/completion_list.hpp"

namespace troupe::detail {

void completion_list::resolved(promise& done) noexcept {
  promise_ptr awaited;
  {
    const std::lock_guard lock(mutex_);
    done_.emplace_back(&done);
    awaited = std::exchange(awaited_, nullptr);
  }
  if (awaited)
    awaited->resolve(outcome::nothing());
}

promise_ptr completion_list::next_completion() {
  promise_ptr awaited(new promise);
  {
    const std::lock_guard lock(mutex_);
    if (done_.empty()) {
      awaited_ = awaited;
      return awaited;
    }
  }
  awaited->resolve(outcome::nothing());
  return awaited;
}

} // namespace troupe::detail
