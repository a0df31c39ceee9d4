#pragma once

#include "command/command.hpp"

#include <boost/asio/awaitable.hpp>

namespace troupe_cli {

/// Runs a command in this process, a child of a pool, and waits for its end without holding up the event loop: many can
/// run at once. Throws nothing but what memory that is missing makes it throw; what goes wrong is in the result.
///
/// When the command has ended, so do all processes that it has started, also those that have left its process group or
/// their parent: they are killed, and named in the result. At its timeout, and when the coroutine is cancelled (as
/// the pool does it, or any other way of Asio), its group gets SIGTERM, and after the grace SIGKILL; the coroutine
/// returns then, and not before. If this process dies, the leader of the command is killed; what that has
/// started is not.
///
/// In a pool, `cancel_grace` must be longer than `command::grace`, since the pool ends the child otherwise.
boost::asio::awaitable<command_end> run_command(command what, command_descriptors to = {});

} // namespace troupe_cli
