#pragma once

#include <troupe/proxy_exception.hpp>

#include <exception>

namespace troupe::child {

/// What there is to tell of a live exception: also of one that is no `std::exception`, and of one whose
/// `what` throws.
exception_report describe_exception(const std::exception_ptr& thrown);

} // namespace troupe::child
