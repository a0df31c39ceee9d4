#pragma once

#include "child/asking/nested_wait.hpp"
#include "child/asking/requests.hpp"

#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/queue_port.hpp>

#include <cstdint>

namespace troupe::child {

/// How the handles in this process, and its reports, reach the parent. Set once, before any of them can be decoded.
void connect_handles(requests& asked, nested_wait& waits);

/// A pool and a queue of the parent, as a child reaches them.
detail::pool_ref pool_in_parent(std::uint64_t id);
detail::queue_ref queue_in_parent(std::uint64_t id);

} // namespace troupe::child
