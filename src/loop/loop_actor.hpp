#pragma once

#include "compat/kept_actor.hpp"
#include "loop/event_loop.hpp"

namespace troupe::loop {

/// An event-based actor that runs on an event loop instead of CAF's scheduler.
///
/// What it needs to handle messages is made by whoever spawns it, who is told if there is no memory for it:
/// an actor that fails at its first message would leave those that wait for it alone.
class loop_actor : public compat::kept_actor<loop_actor> {
public:
  loop_actor(caf::actor_config& config, event_loop& loop)
    : kept_actor(config)
    , loop_(loop)
    , kept_(loop.weak_from_this().lock()) {}

  event_loop& executor() const noexcept { return loop_; }
  void launch(detail::caf_executor*, bool lazy, bool hide) override {
    become(handlers());
    caf::event_based_actor::launch(&loop_, lazy, hide);
  }

protected:
  event_loop& loop() noexcept { return loop_; }

  /// What it does with messages. Called once, on the thread that spawns it.
  virtual caf::behavior handlers() = 0;
  /// Its first turn on the loop, before its first message.
  virtual void started() {}

private:
  caf::behavior make_behavior() final {
    started();
    return {}; // it has one since its launch
  }

  event_loop& loop_;
  const std::shared_ptr<event_loop> kept_; // null: the loop is not shared, and outlives its actors
};

} // namespace troupe::loop
