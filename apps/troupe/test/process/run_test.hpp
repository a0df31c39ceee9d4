#pragma once

#include "test/attempt.hpp"

#include <boost/asio/awaitable.hpp>

namespace troupe_cli::test {

/// Runs the process of a test in this process, a child of a pool, on its event loop: starts it in a folder of its own, with
/// all it writes going to a file, so that nothing waits for the end of a pipe; traces it for the stack of a crash; at
/// its timeout reads the stacks of its threads, and ends its group with SIGTERM and, after the grace, SIGKILL; gives
/// what it has started the linger time to leave, then names and kills it. Cancelled, it ends
/// the process and returns then.
boost::asio::awaitable<attempt> run_test(process_order order);

} // namespace troupe_cli::test
