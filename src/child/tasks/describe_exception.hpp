#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/proxy_exception.hpp>

#include <cstddef>
#include <exception>

namespace troupe::child {

/// What there is to tell of a live exception: also of one that is no `std::exception`, and of one whose
/// `what` throws.
exception_report describe_exception(const std::exception_ptr& thrown);

/// The same, encoded, of what keeps this process from starting. `position` is that of the child, if it is
/// known.
detail::bytes start_report(const std::exception_ptr& thrown, std::size_t position = 0);

} // namespace troupe::child
