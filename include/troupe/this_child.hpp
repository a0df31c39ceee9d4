#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>

#include <cstddef>

#pragma GCC visibility push(default)

/// What code that runs in a child can ask about its surroundings. All of it throws `std::logic_error`
/// outside of a child, and in one that has not been set up yet.
namespace troupe::this_child {

/// Whether this process is a child, of a pool or as a `process`, or is one from which children are forked:
/// everything but the parent. True from the first statement on, also in the constructors of global objects,
/// so what is for the parent only may ask before there is a `runtime`. Thread-safe.
bool is_child() noexcept;

/// The executor of the child's event loop, on which its coroutines run. For objects that an
/// initializer makes, such as connections (include <boost/asio/any_io_executor.hpp>). Thread-safe.
boost::asio::any_io_executor executor();

/// The child's position in its pool: 0 to `processes` - 1. A successor has its predecessor's. In a spare
/// that has no position yet, so in its initializer, it is `processes` or more. In a `process` it is 0.
/// Thread-safe.
std::size_t slot();

} // namespace troupe::this_child

#pragma GCC visibility pop
