#pragma once

#include "monitor/messages.hpp"
#include "parent/pool/pool_registry.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace troupe::monitor {

/// Asks all pools what they are and do, and calls `done` on the loop with those that have answered, when each has
/// answered or ended; destroys it without a call if there is no memory. On the loop's thread.
void gather_pools(boost::asio::io_context& io, const parent::pool_registry& pools,
  std::function<void(std::vector<pool_view>&&)> done);

} // namespace troupe::monitor
