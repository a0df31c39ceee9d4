#include "child/tasks/batch_results.hpp"

#include <utility>

namespace troupe::child {

batch_results::batch_results(parent_link& link, std::uint32_t cell, std::uint64_t task)
  : link_(link) {
  header_.kind = link::frame_kind::results;
  header_.cell = cell;
  header_.task = task;
}

void batch_results::begin_frame(const detail::record_head& head, const detail::bytes& result) {
  const auto content = detail::view(result);
  auto& channel = link_.channel();
  if (is_staging())
    channel.publish_staged();
  if (stage(sizeof head + content.size()) && channel.append(head.word(), content))
    return;
  // It is too large for one frame, or there is no room at present.
  if (is_staging())
    channel.publish_staged();
  detail::bytes record;
  record.append(&head, sizeof head);
  record.append(content.data(), content.size());
  link_.send(header_, std::move(record));
}

void batch_results::end(std::uint64_t nanoseconds) {
  auto& channel = link_.channel();
  if (is_staging()) {
    channel.publish_staged(link::batch_ended, nanoseconds);
    return;
  }
  auto last = header_;
  last.flags = link::batch_ended;
  last.extra = nanoseconds;
  link_.send(last, {});
}

} // namespace troupe::child
