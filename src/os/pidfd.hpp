#pragma once

#include "base/unique_fd.hpp"

#include <sys/types.h>
#include <sys/wait.h>

namespace troupe::os {

/// A descriptor of a child of this process that has not been waited for. Throws `std::system_error`, also
/// if `pid` is no such child.
base::unique_fd open_pidfd(pid_t pid);

/// Sends SIGKILL, and waits for the process, which must be a child of this one. How it ended; all zero if
/// other code has waited for it.
siginfo_t kill_and_reap(const base::unique_fd& pidfd) noexcept;

} // namespace troupe::os
