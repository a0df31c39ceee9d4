#include "child/tasks/batch_results.hpp"

#include <utility>

namespace troupe::child {

batch_results::batch_results(parent_link& link, std::uint32_t cell, std::uint64_t task)
  : link_(link) {
  header_.kind = link::frame_kind::results;
  header_.generation = link.generation();
  header_.cell = cell;
  header_.task = task;
}

// It is too large for one frame, or travels in a segment, or there is no room at present.
void batch_results::send(const detail::record_head& head, detail::bytes&& result) {
  link_.send(header_, std::as_bytes(std::span(&head, 1)), std::move(result));
}

void batch_results::publish(std::uint8_t flags, std::uint64_t extra) {
  if (link_.channel().publish_staged(header_.cell, flags, extra))
    return;
  auto last = header_;
  last.flags = flags;
  last.extra = extra;
  link_.send(last, {});
}

} // namespace troupe::child
