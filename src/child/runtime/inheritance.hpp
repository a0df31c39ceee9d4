#pragma once

#include "base/unique_fd.hpp"

// What a process was started with: as a child, as a zygote, or by anybody else. It is taken before `main`
// runs and before the constructors of the program's global objects do: `main` may clear the environment, and
// what the program starts must not inherit it.
namespace troupe::child {

/// Whether this process was started by a runtime, or has been forked from one for it: everything but the
/// parent. Thread-safe.
bool was_started_by_runtime() noexcept;

/// From now on it was. For a zygote that has just been forked.
void note_started_by_runtime() noexcept;

/// The control socket of the link to the parent, if this process was executed as a child and nobody has taken
/// it yet.
base::unique_fd take_link();

/// The same for a zygote's.
base::unique_fd take_zygote_socket();

} // namespace troupe::child
