#pragma once

// What the benchmark says to CAF's own network module, as CAF 0.17 has it.
#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <cstdint>
#include <vector>

namespace bench {

struct remote_task {
  std::uint64_t id;
  std::vector<char> arguments;
};
struct remote_result {
  std::uint64_t id;
  std::vector<char> result;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, remote_task& x) {
  return f(caf::meta::type_name("remote_task"), x.id, x.arguments);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, remote_result& x) {
  return f(caf::meta::type_name("remote_result"), x.id, x.result);
}

class remote_config : public caf::actor_system_config {
public:
  remote_config() {
    load<caf::io::middleman>();
    add_message_type<remote_task>("remote_task");
    add_message_type<remote_result>("remote_result");
    set("scheduler.max-threads", 1u);
    set("middleman.workers", 0u);
  }
};

} // namespace bench
