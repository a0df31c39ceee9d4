#pragma once

#include <caf/actor_control_block.hpp>

#include <vector>

namespace troupe::fuzz {

/// What stands between the id of an encoded message and its content.
using message_stages = std::vector<caf::strong_actor_ptr>;

} // namespace troupe::fuzz
