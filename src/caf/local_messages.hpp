#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace troupe::compat {

/// The messages of troupe's own actors, which stay in their process. CAF 1.x knows a type by a number, which is its
/// place here; append new ones.
inline constexpr std::string_view local_messages[] = {
  "troupe::actors::watch_local",
  "troupe::actors::published_ended",
  "troupe::actors::close_bridge",
  "troupe::actors::hosted_changed",
  "troupe::actors::outbound",
  "troupe::actors::watch_remote",
  "troupe::child::accepted_calls",
  "troupe::parent::tasks_submitted",
  "troupe::parent::cancel_task",
  "troupe::parent::close_pool",
  "troupe::parent::terminate_pool",
  "troupe::parent::abandon_pool",
  "troupe::parent::get_stats",
  "troupe::parent::await_children",
  "troupe::parent::serve_pool",
  "troupe::parent::pool_ended",
  "troupe::parent::start_hosted",
  "troupe::parent::queue_push",
  "troupe::parent::queue_pop",
  "troupe::parent::queue_withdraw",
  "troupe::parent::queue_close",
  "troupe::parent::queue_abandon",
  "troupe::parent::resize_pool",
  "troupe::parent::get_running_tasks",
  "troupe::parent::get_snapshot",
  "troupe::parent::get_stacks",
  "troupe::parent::recycle_slot",
  "troupe::parent::renew_children",
};

/// The place of a type in that list. Does not compile for one that is not there.
consteval std::size_t place_of_message(std::string_view name) {
  std::size_t place = 0;
  while (place < std::size(local_messages) && local_messages[place] != name)
    ++place;
  if (place == std::size(local_messages))
    throw "this message is not in src/caf/local_messages.hpp: append it there";
  return place;
}

} // namespace troupe::compat
