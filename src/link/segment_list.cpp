#include "link/segment_list.hpp"

#include "base/limits.hpp"

#include <cstring>
#include <utility>

namespace troupe::link {

namespace {

void append(std::vector<std::byte>& to, const void* from, std::size_t size) {
  const auto* const begin = static_cast<const std::byte*>(from);
  to.insert(to.end(), begin, begin + size);
}

} // namespace

std::vector<std::byte> segment_list_of(
  const detail::bytes& bytes, bool body, std::span<const std::byte> after) {
  std::vector<std::byte> result;
  segment_list_head head;
  append(result, &head, sizeof head);
  const auto name = [&](const detail::memory_block& block) {
    const auto number = block.number();
    append(result, &number, sizeof number);
    ++head.count;
  };
  if (body) {
    head.has_body = 1;
    head.body_size = bytes.size();
    name(*bytes.block());
  }
  for (std::size_t i = 0; const auto* const block = bytes.attached(i); ++i)
    name(*block);
  std::memcpy(result.data(), &head, sizeof head);
  append(result, after.data(), after.size());
  return result;
}

segment_names read_segment_list(std::span<const std::byte> payload) {
  segment_list_head head;
  if (payload.size() < sizeof head)
    throw protocol_violation("a list of segments is cut off");
  std::memcpy(&head, payload.data(), sizeof head);
  payload = payload.subspan(sizeof head);
  if (head.has_body > 1 || head.count < head.has_body ||
      head.count > limits::max_buffers_in_message + 1 ||
      payload.size() / sizeof(std::uint64_t) < head.count ||
      head.body_size > limits::max_message_bytes)
    throw protocol_violation("a list of segments that cannot be");
  segment_names result;
  result.attached.resize(head.count);
  if (head.count > 0)
    std::memcpy(
      result.attached.data(), payload.data(), result.attached.size() * sizeof(std::uint64_t));
  result.rest = payload.subspan(result.attached.size() * sizeof(std::uint64_t));
  if (head.has_body == 1) {
    result.body = result.attached.front();
    if (result.body == 0) // which is the number of none
      throw protocol_violation("a list of segments that cannot be");
    result.body_size = static_cast<std::size_t>(head.body_size);
    result.attached.erase(result.attached.begin());
  }
  return result;
}

detail::bytes received_blocks::join(std::span<const std::byte> front, bool may_refer) {
  detail::bytes result;
  if (body && may_refer && front.empty()) {
    result = detail::bytes::in_block(std::move(body), body_size);
  } else {
    result.reserve(front.size() + (body ? body_size : 0));
    result.append(front.data(), front.size());
    if (body)
      result.append(body->data(), body_size);
    body.reset();
  }
  for (auto& block : attached)
    result.attach(std::move(block));
  attached.clear();
  return result;
}

} // namespace troupe::link
