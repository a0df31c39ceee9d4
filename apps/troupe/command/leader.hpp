#pragma once

#include "command/start.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

namespace troupe_cli {

// What is done about a command that was started, in this order. For coroutines that a cancellation does not make throw
// (`throw_if_cancelled(false)`).

/// Whether the coroutine that asks has been cancelled.
boost::asio::awaitable<bool> is_cancelled();

/// Waits until its leader has ended, and says why: at the timeout of the command, and when the coroutine is cancelled, its
/// group gets SIGTERM, and after the grace SIGKILL. Before it does so for the timeout, `at_timeout` is called. The
/// descriptor is closed. Throws `start_problem` if it cannot be waited for; then it has been killed, and all is done.
boost::asio::awaitable<end_cause> await_leader(started_command started, std::string mark,
  const command& what, std::function<void()> at_timeout = {});

/// Lets what the command has left behind leave by itself within that time, kills the rest, and says what that was.
boost::asio::awaitable<std::vector<left_behind>> end_descendants(
  pid_t leader, std::chrono::milliseconds linger = std::chrono::milliseconds{0});

/// Waits for the leader, as only that makes its id free for others, and notes its exit code or signal, and what it used.
void reap_leader(pid_t leader, command_end& end);

} // namespace troupe_cli
