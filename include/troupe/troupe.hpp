#pragma once

/// \file
/// All of troupe. Start reading in pool.hpp.

/// \namespace troupe
/// Functions, coroutines and actors on a pool of supervised child processes. Start reading at `pool`.

#include <troupe/actor.hpp>
#include <troupe/actor_options.hpp>
#include <troupe/as_completed.hpp>
#include <troupe/awaitable_operators.hpp>
#include <troupe/call.hpp>
#include <troupe/callback.hpp>
#include <troupe/child_entry.hpp>
#include <troupe/child_limits.hpp>
#include <troupe/codec.hpp>
#include <troupe/config.hpp>
#include <troupe/coroutine.hpp>
#include <troupe/cpus.hpp>
#include <troupe/errors.hpp>
#include <troupe/input.hpp>
#include <troupe/loop_options.hpp>
#include <troupe/map_options.hpp>
#include <troupe/map_result.hpp>
#include <troupe/message_type.hpp>
#include <troupe/output.hpp>
#include <troupe/pool.hpp>
#include <troupe/pool_events.hpp>
#include <troupe/pool_handle.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/process.hpp>
#include <troupe/process_options.hpp>
#include <troupe/proxy_exception.hpp>
#include <troupe/queue.hpp>
#include <troupe/report.hpp>
#include <troupe/restart_options.hpp>
#include <troupe/runtime.hpp>
#include <troupe/scheduler.hpp>
#include <troupe/shared_buffer.hpp>
#include <troupe/snapshot.hpp>
#include <troupe/start_method.hpp>
#include <troupe/stats.hpp>
#include <troupe/task_future.hpp>
#include <troupe/task_options.hpp>
#include <troupe/task_registry.hpp>
#include <troupe/this_child.hpp>
#include <troupe/this_task.hpp>
#include <troupe/version.hpp>
