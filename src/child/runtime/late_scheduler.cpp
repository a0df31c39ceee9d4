#include "child/runtime/late_scheduler.hpp"

namespace troupe::child {

void late_scheduler::wake() {
  std::call_once(once_, [this] {
    try {
      super::start();
      awake_ = true;
    } catch (...) { // it cannot be tried again: some of the threads may be there
      failure_ = std::current_exception();
    }
  });
  if (failure_)
    std::rethrow_exception(failure_);
}

void late_scheduler::enqueue(caf::resumable* job) {
  wake();
  super::enqueue(job);
}

void late_scheduler::stop() {
  if (awake_)
    super::stop();
}

namespace {

struct child_caf_config final : compat::caf_config {
  child_caf_config()
    : caf_config(1) {
    load<late_scheduler>();
    set("logger.verbosity", caf::atom("quiet")); // a CAF that logs would do it on a thread
  }
};

struct actor_system_and_config {
  child_caf_config config;
  caf::actor_system system{config};
};

} // namespace

caf::actor_system& child_actor_system() {
  // Never destroyed: a child leaves without that (exits.hpp), and a zygote must not get the threads that
  // end an actor system.
  static auto* const instance = new actor_system_and_config;
  return instance->system;
}

} // namespace troupe::child
