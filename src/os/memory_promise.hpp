#pragma once

namespace troupe::os {

/// Whether the kernel counts the memory that it has promised (vm.overcommit_memory is 2), so that it may refuse a page of
/// a file in memory when that is touched for the first time. True if this cannot be told. Looks once.
bool memory_is_accounted() noexcept;

} // namespace troupe::os
