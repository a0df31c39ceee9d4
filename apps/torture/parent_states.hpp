#pragma once

#include <troupe/runtime.hpp>

#include <span>
#include <string_view>

namespace torture {

/// The states in which a parent is killed, by name.
std::span<const std::string_view> parent_states();

/// In a program of its own: makes a pool with that start method, brings it into the state, says "up" on stdout, and stays
/// so until it is killed. Throws `std::invalid_argument` for another name.
[[noreturn]] void be_parent(
  troupe::runtime& rt, std::string_view state, troupe::start_method method);

} // namespace torture
