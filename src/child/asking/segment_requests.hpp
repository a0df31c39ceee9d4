#pragma once

#include "child/asking/nested_wait.hpp"
#include "child/asking/requests.hpp"
#include "child/runtime/parent_link.hpp"

#include <troupe/detail/memory_block.hpp>

#include <cstddef>

namespace troupe::child {

/// From now on large results of this child lie in segments, for which it asks its parent. Once, before the first code
/// of the program.
void connect_segments(parent_link& link, requests& asked, nested_wait& waits);

/// A shared buffer, which the parent makes for this child. From any thread. Throws what keeps the parent from it.
detail::block_ptr buffer_from_parent(std::size_t size);

} // namespace troupe::child
