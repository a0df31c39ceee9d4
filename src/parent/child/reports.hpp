#pragma once

#include <cstddef>
#include <span>

#include <sys/types.h>

namespace troupe::parent {

/// Hands a child's report to whoever wants reports of that topic (`on_report`). Throws `decode_error` if it is none.
void hand_over_report(std::span<const std::byte> payload, pid_t child);

} // namespace troupe::parent
