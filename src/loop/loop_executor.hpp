#pragma once

#include <boost/asio/any_io_executor.hpp>

namespace troupe::loop {

/// Sets what `detail::loop_executor` gives: the executor of the loop of this process, while there is one.
/// Thread-safe.
void set_loop_executor(boost::asio::any_io_executor executor);
void clear_loop_executor();

} // namespace troupe::loop
