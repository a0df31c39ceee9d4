#pragma once

#include "each/run_input.hpp"

#include <boost/asio/awaitable.hpp>

namespace troupe_cli {

/// The initializer of a pool whose tasks are `run_input`.
void set_up_child(const child_settings& settings);

/// Runs the command of an input.
boost::asio::awaitable<input_end> run_input(input_job job);

/// Ends the command of the input with this number, if it runs in this child. Its end is the result of its task.
void end_input(std::uint64_t number);
/// Ends all that run in this child, and whatever would be run later.
void end_inputs();

} // namespace troupe_cli
