#pragma once

// What the benchmark says to CAF's own network module, as CAF 1.x has it.
#include <troupe/message_type.hpp>

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
bool inspect(Inspector& f, remote_task& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("arguments", x.arguments));
}
template <class Inspector>
bool inspect(Inspector& f, remote_result& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("result", x.result));
}

} // namespace bench

CAF_BEGIN_TYPE_ID_BLOCK(bench, troupe::first_message_type_id)
CAF_ADD_TYPE_ID(bench, (bench::remote_task))
CAF_ADD_TYPE_ID(bench, (bench::remote_result))
CAF_END_TYPE_ID_BLOCK(bench)
TROUPE_MESSAGE_TYPES(bench);

namespace bench {

class remote_config : public caf::actor_system_config {
public:
  remote_config() {
    caf::core::init_global_meta_objects();
    caf::io::middleman::init_global_meta_objects();
    load<caf::io::middleman>();
    set("caf.scheduler.max-threads", 1u);
    set("caf.middleman.workers", 0u);
  }
};

} // namespace bench
