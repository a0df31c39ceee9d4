#pragma once

#include <troupe/errors.hpp>

#include <boost/asio/io_context.hpp>

#include <string>
#include <vector>

namespace troupe::parent {

/// Logs a warning, and below it a stack. The names of its functions are looked for on a thread of its own, since that takes
/// milliseconds, and the message is logged on the loop's thread when they are there. A program that shows no traces itself
/// is not linked with the library that knows the names: then it is places in modules. On the loop's thread.
void warn_with_stack(
  boost::asio::io_context& io, std::string text, const std::vector<code_location>& stack);

/// Ends that thread. Before the loop is destroyed; nothing is logged any more.
void stop_stack_log();

} // namespace troupe::parent
