#pragma once

#include "base/unique_fd.hpp"

namespace troupe::child {

/// If this process was started as a child of a pool, or as a zygote: runs it, and does not return.
/// Otherwise does nothing. Called first thing by `runtime`.
void become_child_if_asked();

/// Runs this process as the child that has the other end of the parent's control socket. `executed`: as a
/// program, not forked by a zygote.
[[noreturn]] void become_child(base::unique_fd control, bool executed) noexcept;

} // namespace troupe::child
