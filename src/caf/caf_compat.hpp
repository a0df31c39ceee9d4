#pragma once

// All of CAF that troupe uses, and everything that differs between CAF 0.17 and 1.x, so that a port is a
// change of this file: there `execution_unit` is a `scheduler`, `set_policy` has other names, and the
// message types need type ids.
#include <troupe/callback.hpp>

#include <caf/actor.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/send.hpp>

#include <cstddef>

namespace troupe::compat {

/// Settings for an actor system beside a troupe loop. CAF's default scheduler steals work, for which its
/// idle threads wake up every few milliseconds; the work-sharing one sleeps until there is work. Knows the
/// message types that have been registered so far.
class caf_config : public caf::actor_system_config {
public:
  /// `configure` may be empty. It sets what it likes, but for the scheduler's threads.
  explicit caf_config(
    std::size_t scheduler_threads, const callback<caf::actor_system_config&>& configure = {});
};

/// Gives a new actor system an id of its own, by which actors of other processes are told from its own,
/// unless CAF's I/O module has. Before actors are spawned.
void give_node_id(caf::actor_system& system);

} // namespace troupe::compat

/// Declares a plain struct as a message that stays inside its process. At global scope.
#define TROUPE_LOCAL_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)
