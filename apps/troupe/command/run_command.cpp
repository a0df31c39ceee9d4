#include "command/run_command.hpp"

#include "command/descendants.hpp"
#include "command/leader.hpp"

#include <boost/asio/this_coro.hpp>

namespace troupe_cli {

namespace asio = boost::asio;

asio::awaitable<command_end> run_command(command what, command_descriptors to) {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  command_end end;
  try {
    const auto mark = running_commands::of_this_process().new_mark();
    const auto started = start_command(what, to, {mark});
    const auto begin = std::chrono::steady_clock::now();
    end.cause = co_await await_leader(started, mark, what);
    end.wall_time = std::chrono::steady_clock::now() - begin;
    end.left = co_await end_descendants(started.pid);
    reap_leader(started.pid, end);
  } catch (const start_problem& problem) {
    end.cause = end_cause::not_started;
    end.problem = problem.text;
    end.problem_number = problem.number;
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return end;
}

} // namespace troupe_cli
