#include "caf/caf_compat.hpp"

#include "compat/task_error_code.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace troupe {

namespace {

// CAF 0.17 sets the id of a node only where its I/O module is loaded. This is the way that the language
// has to reach a private member: access is not checked in an explicit instantiation.
caf::node_id caf::actor_system::*node_member();

template <caf::node_id caf::actor_system::*Member>
struct node_access {
  friend caf::node_id caf::actor_system::*node_member() { return Member; }
};
template struct node_access<&caf::actor_system::node_>;

struct message_types {
  std::mutex mutex;
  std::vector<std::pair<std::string, detail::add_message_type_function>> known{
    {"troupe.original_exception", [](caf::actor_system_config& config, const std::string& name) {
       config.add_message_type<compat::original_exception>(name);
     }}};
};

message_types& registered() {
  static message_types instance;
  return instance;
}

} // namespace

void detail::register_message_type(std::string name, add_message_type_function add) {
  auto& types = registered();
  const std::lock_guard lock(types.mutex);
  types.known.emplace_back(std::move(name), add);
}

void compat::give_node_id(caf::actor_system& system) {
  if (system.node() == caf::none)
    system.*node_member() = make_unique_node_id();
}

compat::caf_config::caf_config(
  std::size_t scheduler_threads, const callback<caf::actor_system_config&>& configure) {
  if (configure)
    configure(*this);
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", scheduler_threads);
  add_error_category(task_error_category, render_task_error);
  auto& types = registered();
  const std::lock_guard lock(types.mutex);
  for (const auto& [name, add] : types.known)
    add(*this, name);
}

} // namespace troupe
