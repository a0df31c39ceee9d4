#pragma once

// What all rooms above include of CAF. What differs between CAF's versions is in this room, in two directories of the
// same files, of which CMake chooses one: v0 for CAF 0.17, v1 for 1.x. Headers of theirs are included as
// "compat/executor.hpp". No other room asks for the version.
#include "caf/local_messages.hpp"

#include <troupe/callback.hpp>
#include <troupe/detail/caf_version.hpp>

#include <caf/actor.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
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

/// An id that no other process has. Throws `std::system_error` if there is no randomness.
caf::node_id make_unique_node_id();

} // namespace troupe::compat

/// Declares a plain struct as a message that stays inside its process. At global scope. The first numbers are those of
/// types in public headers.
#define TROUPE_LOCAL_MESSAGE(type)                                                                 \
  TROUPE_UNSENT_TYPE(8 + ::troupe::compat::place_of_message(#type), type)                          \
  static_assert(::troupe::compat::place_of_message(#type) < 56);
