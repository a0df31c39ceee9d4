#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>

// What `this_child` tells of the child that this process is.
namespace troupe::child {

/// Before the first code of the program that may ask. The executor is also that of operations without one.
void set_surroundings(boost::asio::any_io_executor of_loop, std::size_t at);

/// A spare takes its place.
void move_to(std::size_t at) noexcept;

} // namespace troupe::child
