#pragma once

#include <troupe/as_completed.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_impl.hpp>
#include <troupe/pool.hpp>
#include <troupe/process.hpp>
#include <troupe/queue.hpp>

/// \file
/// Coroutines. Whoever awaits what troupe gives includes this, and with it Boost.Asio, which the other headers leave
/// out since it costs more time to compile than all of them together:
///
///     rt.run([&]() -> boost::asio::awaitable<void> {
///       int nine = co_await pool.apply(square, 3);
///       auto pages = pool.map(fetch, urls);
///       while (auto page = co_await pages.next()) use(*page);
///     });
///
/// It completes `co_await` and the other completion tokens of Asio for `task_future`, `map_result`, `process`,
/// `worker`, `pool::ready` and `process::async_start`, the functions that return an `asio::awaitable` (`next`,
/// `async_push`, `async_pop`, `when_any`), and `runtime::run` and `executor`. A coroutine can be a task without it:
/// that needs Asio's own headers only. `||` and `&&` are in awaitable_operators.hpp.
