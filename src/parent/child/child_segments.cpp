#include "parent/child/child_segments.hpp"

#include "base/limits.hpp"
#include "link/segment_pool.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace troupe::parent {

using link::protocol_violation;
using link::segment_use;

namespace {

link::segment& segment_in(detail::memory_block& block) noexcept {
  return static_cast<link::segment&>(block); // in the parent there is no other kind
}

} // namespace

child_segments::child_segments(int control, const std::shared_ptr<link::shared_region>& region)
  : control_(control)
  , results_(std::make_shared<result_segments>(region)) {}

child_segments::~child_segments() {
  results_->close();
}

// -- what is sent ---------------------------------------------------------------------------------------

child_segments::packed child_segments::pack(
  std::span<const std::byte> head, const detail::bytes& body) {
  packed result;
  tell_of_buffers(body);
  auto* const block = body.block();
  // What lies in a segment for a result goes on in pieces: another child has no business there.
  result.has_body = block != nullptr && link::segment_pool::of_process().contains(block->number());
  if (result.has_body)
    result.forgotten = tell_of_argument(*block);
  if (result.has_body || body.attached(0) != nullptr)
    result.head = link::segment_list_of(body, result.has_body, head);
  return result;
}

std::vector<std::byte> child_segments::list_attached(const detail::bytes& bytes) {
  tell_of_buffers(bytes);
  return link::segment_list_of(bytes, false, {});
}

void child_segments::tell_of_buffers(const detail::bytes& body) {
  for (std::size_t i = 0; auto* const block = body.attached(i); ++i) {
    auto& known = buffers_[block->number()];
    known.block = detail::block_ptr(block);
    tell(segment_use::buffer, known.block);
    ++known.times;
  }
}

// The child has one of the last ones unmapped for it.
std::uint64_t child_segments::tell_of_argument(detail::memory_block& block) {
  const auto number = block.number();
  if (const auto known = std::find(arguments_.begin(), arguments_.end(), number);
      known != arguments_.end()) {
    std::rotate(known, known + 1, arguments_.end());
    return 0;
  }
  std::uint64_t forgotten = 0;
  if (arguments_.size() >= limits::max_known_arguments) {
    forgotten = arguments_.front();
    arguments_.erase(arguments_.begin());
  }
  arguments_.push_back(number);
  try {
    tell(segment_use::argument, detail::block_ptr(&block));
  } catch (...) {
    arguments_.pop_back();
    throw;
  }
  return forgotten;
}

void child_segments::tell(segment_use use, const detail::block_ptr& block) {
  unsent what;
  what.notice.use = use;
  what.notice.number = block->number();
  what.notice.size = block->capacity();
  what.keep = block;
  tell(std::move(what));
}

void child_segments::tell(unsent&& what) {
  if (!unsent_.empty() || !send(what))
    unsent_.push_back(std::move(what));
}

bool child_segments::send(const unsent& what) noexcept {
  const int fd = what.fd ? what.fd.get() : segment_in(*what.keep).fd();
  return link::send_control(control_, what.notice, &fd, 1) ||
         errno == EPIPE; // nobody is left who could be told
}

bool child_segments::flush() noexcept {
  while (!unsent_.empty() && send(unsent_.front()))
    unsent_.pop_front();
  return unsent_.empty();
}

// -- what the child says --------------------------------------------------------------------------------

link::received_blocks child_segments::unpack(
  std::span<const std::byte> payload, std::span<const std::byte>& rest) {
  const auto names = link::read_segment_list(payload);
  rest = names.rest;
  link::received_blocks result;
  for (const auto number : names.attached) {
    const auto known = buffers_.find(number);
    if (known == buffers_.end())
      throw protocol_violation("a shared buffer that the child does not have");
    result.attached.push_back(known->second.block);
  }
  if (names.body != 0) {
    result.body = results_->lend(names.body);
    if (!result.body)
      throw protocol_violation("a segment that the child does not have");
    if (names.body_size > result.body->capacity())
      throw protocol_violation("a payload that is longer than its segment");
    result.body_size = names.body_size;
  }
  return result;
}

std::uint64_t child_segments::make_for_result(std::size_t least) {
  link::segment* made = nullptr;
  const auto place = results_->make(link::segment_size(least), made);
  if (!place)
    return 0;
  unsent what;
  what.notice.use = segment_use::result;
  what.notice.number = made->number();
  what.notice.size = made->capacity();
  what.notice.place = *place;
  what.fd = made->take_fd(); // nobody else is told
  const auto number = made->number();
  tell(std::move(what));
  return number;
}

detail::bytes child_segments::make_buffer(std::size_t size) {
  if (made_buffers_ >= limits::max_child_buffers ||
      size > limits::max_child_buffer_bytes - made_bytes_)
    throw error("a child has " + std::to_string(made_buffers_) + " shared buffers of " +
                std::to_string(made_bytes_) +
                " bytes that it has made, as many as it may: let some of them go before it makes "
                "more, or make them in the parent");
  auto made =
    link::segment::make(size, link::segment::writers::everyone, false, link::keeper_of_buffers());
  link::remember_buffer(*made);
  const auto block = link::segment::lend(std::move(made));
  detail::bytes result;
  result.attach(block);
  buffers_[block->number()] = {block, 0, true};
  ++made_buffers_;
  made_bytes_ += size;
  return result;
}

void child_segments::let_go(std::uint64_t number, std::uint64_t times) {
  const auto known = buffers_.find(number);
  if (known == buffers_.end() || times == 0 || times > known->second.times)
    throw protocol_violation("a shared buffer is let go that the child does not have");
  known->second.times -= times;
  if (known->second.times > 0)
    return; // it has been told once more meanwhile
  if (known->second.made_for_child) {
    --made_buffers_;
    made_bytes_ -= known->second.block->capacity();
  }
  buffers_.erase(known);
}

// -- giving back ----------------------------------------------------------------------------------------

std::vector<std::uint64_t> child_segments::trim(time_point idle_since) {
  auto given_up = results_->trim(idle_since);
  link::segment_pool::of_process().trim(idle_since);
  std::erase_if(arguments_, [&](std::uint64_t number) {
    if (link::segment_pool::of_process().contains(number))
      return false;
    given_up.push_back(number);
    return true;
  });
  return given_up;
}

} // namespace troupe::parent
