#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/queue_port.hpp>

#include "api/runtime_state.hpp"
#include "child/asking/parent_handles.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/serve/exports.hpp"
#include "parent/serve/queue_control.hpp"

#include <troupe/errors.hpp>
#include <troupe/this_child.hpp>

#include <string>

// The two sides of a handle: in a child it leads over the link, in the parent to the thing itself.
namespace troupe::detail {

namespace {

template <class Found>
Found existing(Found found, const char* what) {
  if (found == nullptr)
    throw decode_error(
      std::string("a handle names a ") + what + " that is gone: keep a handle of it in the parent");
  return found;
}

} // namespace

pool_ref find_pool(std::uint64_t id) {
  if (this_child::is_child())
    return child::pool_in_parent(id);
  const auto* known = parent::exports::current();
  return existing(known == nullptr ? nullptr : known->find_pool(id), "pool");
}

queue_ref find_queue(std::uint64_t id) {
  if (this_child::is_child())
    return child::queue_in_parent(id);
  const auto* known = parent::exports::current();
  return existing(known == nullptr ? nullptr : known->find_queue(id), "queue");
}

queue_ref make_queue(runtime& rt, std::size_t capacity) {
  return parent::queue_control::start(runtime_access::services(rt), capacity);
}

} // namespace troupe::detail
