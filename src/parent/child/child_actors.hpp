#pragma once

#include "actors/actor_bridge.hpp"
#include "actors/actor_hub.hpp"
#include "link/channel.hpp"
#include "loop/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace troupe::parent {

/// The actors that live in one child, as this process knows them. On the loop's thread.
class child_actors {
public:
  /// `hosted` is told when their number changes. The channel of the link outlives this.
  child_actors(loop::event_loop& loop, actors::actor_hub& hub, link::channel& channel,
    std::uint32_t generation, std::function<void(std::size_t)> hosted);
  child_actors(const child_actors&) = delete;

  /// Takes a signal of the child. Throws `link::protocol_violation`.
  void receive(link::actor_signal signal, std::span<const std::byte> payload);
  /// The child is gone: its actors ended of `reason`.
  void end(const caf::error& reason);

private:
  void open_bridge();

  loop::event_loop& loop_;
  actors::actor_hub& hub_;
  link::channel& channel_;
  const std::uint32_t generation_;
  const std::function<void(std::size_t)> hosted_;
  caf::actor bridge_handle_;
  actors::actor_bridge* bridge_ =
    nullptr; // owned by bridge_handle_; none until the child has actors
};

} // namespace troupe::parent
