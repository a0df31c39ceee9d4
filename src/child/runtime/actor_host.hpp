#pragma once

#include "actors/actor_bridge.hpp"
#include "actors/actor_hub.hpp"
#include "child/runtime/parent_link.hpp"

#include <troupe/detail/hosted_actor.hpp>

#include <optional>

namespace troupe::child {

/// Lets actors live in this child. They run on the loop, so never at the same time as a plain task or
/// each other. What they need beyond the loop is made with the first of them. One per process.
class actor_host {
public:
  actor_host(caf::actor_system& system, loop::event_loop& loop, parent_link& link);
  actor_host(const actor_host&) = delete;
  ~actor_host();

  /// The one of this process, or null.
  static actor_host* current() noexcept;

  /// The actor system, ready for actors of the program. Throws `std::system_error` if a thread that they need cannot be
  /// made, and again whenever it is called after that.
  caf::actor_system& system();
  loop::event_loop& loop() noexcept { return loop_; }

  detail::hosted_id publish(const caf::actor& hosted);
  /// Takes a signal of the parent. Throws `link::protocol_violation`.
  void receive(link::actor_signal signal, std::span<const std::byte> payload);

private:
  void open_bridge();

  caf::actor_system& system_;
  loop::event_loop& loop_;
  parent_link& link_;
  std::optional<actors::actor_hub> hub_;
  caf::actor bridge_handle_;
  actors::actor_bridge* bridge_ = nullptr; // owned by bridge_handle_
};

} // namespace troupe::child
