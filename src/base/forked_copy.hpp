#pragma once

namespace troupe::base {

/// Whether this process is a copy of the one that has the runtime: it was forked while the runtime
/// existed. It has none of the runtime's threads, and the children are not its own.
bool is_forked_copy() noexcept;

/// Throws `std::logic_error`, whose message begins with `what`, in a forked copy.
void check_not_forked_copy(const char* what);

/// From now on, forks of this process are copies, until `runtime_ends`. Throws `std::system_error`.
void runtime_begins();
void runtime_ends() noexcept;

} // namespace troupe::base
