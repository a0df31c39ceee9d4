#pragma once

#include "base/unique_fd.hpp"

namespace troupe::child {

/// The descriptors that become this process's stdin, stdout and stderr; none where that one stays as it is.
/// Throws `std::system_error`.
void redirect_streams(
  const base::unique_fd& in, const base::unique_fd& out, const base::unique_fd& err);

/// Forgets what the parent had read ahead from its stdin when this process was forked, and reads nothing from
/// now on.
void forget_input() noexcept;

} // namespace troupe::child
