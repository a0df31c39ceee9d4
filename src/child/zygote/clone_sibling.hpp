#pragma once

#include <atomic>
#include <cstdint>

#include <sys/types.h>

namespace troupe::child {

/// `fork`, but for the new process's parent, which is that of this process (`CLONE_PARENT`). This process
/// must have one thread. The kernel stores the pid in `record` before the new process runs. Returns the
/// pid, 0 in the new process, or -1 and `errno`.
pid_t clone_sibling(std::atomic<std::int32_t>& record) noexcept;

} // namespace troupe::child
