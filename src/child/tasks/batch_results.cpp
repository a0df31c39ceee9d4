#include "child/tasks/batch_results.hpp"

#include <utility>

namespace troupe::child {

batch_results::batch_results(parent_link& link, std::uint32_t cell, std::uint64_t task)
  : link_(link) {
  header_.kind = link::frame_kind::results;
  header_.cell = cell;
  header_.task = task;
}

void batch_results::begin_frame(const detail::record_head& head, detail::bytes& result) {
  auto& channel = link_.channel();
  const auto content = detail::view(result);
  if (is_staging())
    channel.publish_staged();
  if (!result.has_blocks() && stage(sizeof head + content.size()) &&
      channel.append(head.word(), content))
    return;
  // It is too large for one frame, or travels in a segment, or there is no room at present.
  if (is_staging())
    channel.publish_staged();
  link_.send(header_, std::as_bytes(std::span(&head, 1)), std::move(result));
}

void batch_results::publish(std::uint8_t flags, std::uint64_t extra) {
  auto& channel = link_.channel();
  if (is_staging()) {
    channel.publish_staged(flags, extra);
    return;
  }
  auto last = header_;
  last.flags = flags;
  last.extra = extra;
  link_.send(last, {});
}

} // namespace troupe::child
