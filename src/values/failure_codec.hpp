#pragma once

#include <troupe/detail/bytes.hpp>

#include <exception>
#include <span>

namespace troupe::detail {

/// Encodes why a task has no outcome of its own, for a child that has submitted it: errors of troupe
/// arrive as what they are, with what is nested in them; others as an exception of a task does.
bytes encode_failure(const std::exception_ptr& failure);

/// What was encoded; a `decode_error` if the bytes are not a failure: an error is always an error.
std::exception_ptr decode_failure(std::span<const std::byte> in) noexcept;

} // namespace troupe::detail
