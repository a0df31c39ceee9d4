#pragma once

#include "loop/event_loop.hpp"

namespace troupe::loop {

/// An event-based actor that runs on an event loop instead of CAF's scheduler: it names the loop as its
/// execution unit in each `enqueue`, as CAF's brokers name the multiplexer.
///
/// What it needs to handle messages is made by whoever spawns it, who is told if there is no memory for it:
/// an actor that fails at its first message would leave those that wait for it alone.
class loop_actor : public caf::event_based_actor {
public:
  loop_actor(caf::actor_config& config, event_loop& loop)
    : caf::event_based_actor(config)
    , loop_(loop)
    , kept_(loop.weak_from_this().lock()) {}

  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) override {
    caf::event_based_actor::enqueue(std::move(message), &loop_);
  }
  void enqueue(caf::strong_actor_ptr from, caf::message_id id, caf::message content,
    caf::execution_unit*) override {
    caf::event_based_actor::enqueue(std::move(from), id, std::move(content), &loop_);
  }
  void launch(caf::execution_unit*, bool lazy, bool hide) override {
    become(handlers());
    caf::event_based_actor::launch(&loop_, lazy, hide);
  }
  /// By which the loop knows the actors that are its own.
  subtype_t subtype() const override { return io_actor; }

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
