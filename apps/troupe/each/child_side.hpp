#pragma once

#include "each/run_input.hpp"

#include <boost/asio/awaitable.hpp>

namespace troupe_cli {

/// The initializer of a pool whose tasks are `run_input`.
void set_up_child(const child_settings& settings);

/// Runs the command of an input. Throws `input_failed` if that has failed.
boost::asio::awaitable<input_end> run_input(input_job job);

} // namespace troupe_cli
