#pragma once

/// All of troupe. Start reading in pool.hpp.
#include <troupe/actor.hpp>
#include <troupe/actor_options.hpp>
#include <troupe/call.hpp>
#include <troupe/codec.hpp>
#include <troupe/config.hpp>
#include <troupe/cpus.hpp>
#include <troupe/errors.hpp>
#include <troupe/loop_options.hpp>
#include <troupe/map_options.hpp>
#include <troupe/map_result.hpp>
#include <troupe/message_type.hpp>
#include <troupe/pool.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/process.hpp>
#include <troupe/process_options.hpp>
#include <troupe/proxy_exception.hpp>
#include <troupe/runtime.hpp>
#include <troupe/scheduler.hpp>
#include <troupe/start_method.hpp>
#include <troupe/stats.hpp>
#include <troupe/task_future.hpp>
#include <troupe/task_options.hpp>
#include <troupe/this_child.hpp>
#include <troupe/this_task.hpp>
