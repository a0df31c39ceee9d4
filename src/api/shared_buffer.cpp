#include <troupe/shared_buffer.hpp>

#include "base/limits.hpp"
#include "child/asking/segment_requests.hpp"
#include "child/runtime/copies.hpp"
#include "link/segment.hpp"

#include <troupe/errors.hpp>
#include <troupe/this_child.hpp>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/mman.h>

namespace troupe {

namespace {

// Takes the memory for all of it: without, a machine that is out of it would end the process at the first write.
void take_memory(const detail::memory_block& block) {
#ifndef MADV_POPULATE_WRITE
  constexpr int MADV_POPULATE_WRITE = 23;
#endif
  // A kernel older than 5.14 does not know it, and takes the memory when it is written.
  if (::madvise(block.data(), block.capacity(), MADV_POPULATE_WRITE) != 0 && errno != EINVAL)
    throw std::system_error(errno == EFAULT ? ENOMEM : errno, std::generic_category(),
      "memory for a troupe::shared_buffer");
}

detail::block_ptr make_block(std::size_t bytes) {
  if (this_child::is_child() && !child::is_copy()) {
    auto block = child::buffer_from_parent(bytes);
    take_memory(*block);
    return block;
  }
  auto made =
    link::segment::make(bytes, link::segment::writers::everyone, true, link::keeper_of_buffers());
  link::remember_buffer(*made);
  return link::segment::lend(std::move(made));
}

} // namespace

shared_buffer::shared_buffer(std::size_t bytes)
  : size_(bytes) {
  if (bytes == 0)
    throw std::invalid_argument("a troupe::shared_buffer has at least one byte");
  if (bytes > limits::max_child_buffer_bytes)
    throw std::system_error(std::make_error_code(std::errc::not_enough_memory),
      "memory for a troupe::shared_buffer of " + std::to_string(bytes) + " bytes");
  block_ = make_block(bytes);
}

void codec<shared_buffer>::encode(encoder& out, const shared_buffer& value) {
  if (!value.valid())
    throw encode_error("a troupe::shared_buffer that was default-constructed names no memory: give "
                       "it a size, or send a std::optional");
  auto& bytes = detail::codec_access::out(out);
  bytes.attach(value.block_);
  if (bytes.attached(limits::max_buffers_in_message) != nullptr)
    throw encode_error(
      "more than " + std::to_string(limits::max_buffers_in_message) +
      " different troupe::shared_buffers in one message: send them in parts, or put "
      "what they hold into one of them");
  out(value.number());
  out(std::uint64_t{value.size_});
}

shared_buffer codec<shared_buffer>::decode(decoder& in) {
  const auto number = in.make<std::uint64_t>();
  const auto size = in.make<std::uint64_t>();
  shared_buffer result;
  result.block_ = link::find_buffer(number);
  if (!result.valid())
    throw decode_error("a troupe::shared_buffer has not arrived: this process has no memory or no "
                       "descriptor left to map it, or all who had it are gone");
  if (size == 0 || size > result.block_->capacity())
    throw decode_error("a troupe::shared_buffer is larger than its memory");
  result.size_ = static_cast<std::size_t>(size);
  return result;
}

} // namespace troupe
