#pragma once

#include "base/limits.hpp"
#include "compat/message_codec.hpp"
#include "loop/event_loop.hpp"

#include <caf/proxy_registry.hpp>

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::actors {

/// The actors of other processes that this process knows: it makes their proxies, and knows the bridge to
/// each process. A proxy that nobody here refers to is dropped now and then, and made again when its actor
/// is named again. One hub per process. On the loop's thread.
class actor_hub final : caf::proxy_registry::backend {
public:
  actor_hub(caf::actor_system& system, loop::event_loop& loop);
  actor_hub(const actor_hub&) = delete;
  ~actor_hub() override;

  caf::actor_system& system() noexcept { return system_; }

  /// For messages with handles in them.
  compat::message_codec& codec() noexcept { return codec_; }

  /// From now on, what is for actors of `process` goes by that bridge. False if the process is known
  /// already, or is this one.
  bool add(const caf::node_id& process, caf::actor bridge);
  /// The process is gone, and so are its actors.
  void remove(const caf::node_id& process, const caf::error& reason);
  /// An actor of another process is gone.
  void remove(const caf::node_id& process, caf::actor_id actor, caf::error reason);
  /// What is for actors of any process that is not known goes by that bridge.
  void set_default(caf::actor bridge) { default_ = std::move(bridge); }

  /// The handle of an actor: itself or its proxy; null if it is not known.
  caf::strong_actor_ptr find(const caf::node_id& process, caf::actor_id actor);
  /// The bridge to a process, or null.
  caf::actor bridge_to(const caf::node_id& process) const;

  /// Drops the proxies that nobody refers to, where there may be many, and what names of unknown actors have
  /// left behind. Called before what another process wrote is deserialized.
  void tidy();
  /// The number of actors of a process that are known here.
  std::size_t known_actors(const caf::node_id& process) const;

private:
  // Another process whose actors are known here.
  struct process_entry {
    caf::actor bridge; // null: the default one
    std::size_t proxies = 0;
    std::size_t sweep_at = limits::min_proxy_sweep;
  };

  // Throws `link::protocol_violation` if the process has too many. CAF's registry is locked meanwhile.
  caf::strong_actor_ptr make_proxy(caf::node_id process, caf::actor_id actor) override;
  void sweep(const caf::node_id& process, process_entry& entry);
  void forget_unknown();
  void set_last_hop(caf::node_id*) override {}

  caf::actor_system& system_;
  caf::proxy_registry proxies_;
  compat::message_codec codec_;
  std::unordered_map<caf::node_id, process_entry> processes_;
  caf::actor default_;
  std::vector<caf::node_id> to_sweep_;
  // For these CAF's registry has entries without a proxy.
  std::vector<std::pair<caf::node_id, caf::actor_id>> unknown_;
};

} // namespace troupe::actors
