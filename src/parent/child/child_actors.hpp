#pragma once

#include "actors/actor_bridge.hpp"
#include "actors/actor_hub.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/peer.hpp"
#include "parent/child/unread_answers.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace troupe::parent {

/// The actors that live in one child, as this process knows them. On the loop's thread.
class child_actors {
public:
  /// `hosted` is called when their number changes. The child outlives this.
  child_actors(loop::event_loop& loop, actors::actor_hub& hub, peer& child,
    std::function<void(std::size_t)> hosted);
  child_actors(const child_actors&) = delete;

  /// Takes a signal of the child. Throws `link::protocol_violation`.
  void receive(link::actor_signal signal, std::span<const std::byte> payload);
  /// The child is gone: its actors ended of `reason`.
  void end(const caf::error& reason);

private:
  void open_bridge();
  void send(link::actor_signal signal, detail::bytes&& payload);
  // What the child asked for. Ends it if it does not read that.
  void answer(link::actor_signal signal, detail::bytes&& payload);

  loop::event_loop& loop_;
  actors::actor_hub& hub_;
  peer& child_;
  const std::function<void(std::size_t)> hosted_;
  caf::actor bridge_handle_;
  // Owned by bridge_handle_; none until the child has actors.
  actors::actor_bridge* bridge_ = nullptr;
  const std::shared_ptr<unread_answers> unread_ = std::make_shared<unread_answers>();
};

} // namespace troupe::parent
