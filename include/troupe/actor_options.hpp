#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstdint>
#include <string>

#pragma GCC visibility push(default)

namespace troupe {

/// What happens when an actor that lives in a child has ended: Erlang/OTP's restart types.
enum class restart_policy : std::uint8_t {
  temporary, ///< nothing: its handle ends as well
  transient, ///< it is started again, unless it ended with the reason `normal` or `user_shutdown`
  permanent, ///< it is started again
};

/// What can be said about an actor in a child. Give it as the first argument:
/// `pool.spawn<counter>(troupe::actor_options{.restart = troupe::restart_policy::permanent})`.
struct actor_options {
  restart_policy restart = restart_policy::temporary;

  /// Appears in errors and logs, and is shown to the scheduler that places the actor.
  std::string name{};
};

} // namespace troupe

#pragma GCC visibility pop
