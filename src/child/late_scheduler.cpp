#include "child/late_scheduler.hpp"

namespace troupe::child {

void late_scheduler::wake() {
  std::call_once(once_, [this] {
    super::start();
    awake_ = true;
  });
}

void late_scheduler::enqueue(caf::resumable* job) {
  wake();
  super::enqueue(job);
}

void late_scheduler::stop() {
  if (awake_)
    super::stop();
}

} // namespace troupe::child
