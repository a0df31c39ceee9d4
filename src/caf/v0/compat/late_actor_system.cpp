#include "caf/late_actor_system.hpp"

#include "caf/single_start.hpp"

#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

namespace troupe::compat {

namespace {

// CAF's scheduler, whose three threads are started when there is something for them.
class late_scheduler final : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;
  using super::super;

  // For `caf::actor_system_config::load`.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new late_scheduler(system);
  }

  void wake() {
    start_.run([this] { super::start(); });
  }

  void enqueue(caf::resumable* job) override {
    wake();
    super::enqueue(job);
  }

protected:
  void start() override {} // when the actor system is made
  void stop() override {
    if (start_.done())
      super::stop();
  }

private:
  single_start start_;
};

struct late_config final : caf_config {
  late_config()
    : caf_config(1) {
    load<late_scheduler>();
    set("logger.verbosity", caf::atom("quiet")); // a CAF that logs would do it on a thread
  }
};

struct actor_system_and_config {
  late_config config;
  caf::actor_system system{config};
};

} // namespace

caf::actor_system& late_actor_system() {
  // Never destroyed: a child leaves without that, and a zygote must not get the threads that end an actor system.
  static auto* const instance = new actor_system_and_config;
  return instance->system;
}

void wake_actor_system() {
  static_cast<late_scheduler&>(late_actor_system().scheduler()).wake();
}

} // namespace troupe::compat
