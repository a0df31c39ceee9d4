#pragma once

namespace troupe::child {

/// If this process was started as a child of a pool: runs it, and does not return. Otherwise does
/// nothing. Called first thing by `runtime`.
void become_child_if_asked();

} // namespace troupe::child
