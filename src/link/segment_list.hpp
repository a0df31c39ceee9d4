#pragma once

#include "link/frame.hpp"

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/memory_block.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace troupe::link {

enum class segment_use : std::uint32_t {
  argument = 1, ///< the child reads
  result = 2,   ///< the child writes, and asks for it; in `place`
  buffer = 3,   ///< a `shared_buffer`
};

inline constexpr std::uint32_t notice_magic = 0x73656731; // "seg1"

/// Goes over the control socket with the descriptor of a segment, before or after the message that names it.
struct segment_notice {
  std::uint32_t magic = notice_magic;
  segment_use use{};
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::uint32_t place = 0; ///< result: its bit in `region_header::returned`
  std::uint32_t padding = 0;
};
static_assert(sizeof(segment_notice) == 32 && std::is_trivially_copyable_v<segment_notice>);

/// What `service::make_segment` asks for.
struct make_segment_head {
  std::uint64_t size = 0;
  segment_use use{};
  std::uint32_t padding = 0;
};
static_assert(sizeof(make_segment_head) == 16 && std::is_trivially_copyable_v<make_segment_head>);

/// A payload that names segments (the flag `names_segments`) begins with this and the numbers.
struct segment_list_head {
  std::uint32_t count = 0;
  std::uint32_t has_body = 0;  ///< the rest of the payload goes on in the first segment,
  std::uint64_t body_size = 0; ///< ... with so many bytes from its beginning
};
static_assert(sizeof(segment_list_head) == 16 && std::is_trivially_copyable_v<segment_list_head>);

/// The beginning of such a payload, as a message of `bytes` has it; `body`: they themselves stay in their block.
std::vector<std::byte> segment_list_of(
  const detail::bytes& bytes, bool body, std::span<const std::byte> after);

/// What such a payload names.
struct segment_names {
  std::vector<std::uint64_t> attached;
  std::uint64_t body = 0; ///< the number; 0: none
  std::size_t body_size = 0;
  std::span<const std::byte> rest; ///< of the payload
};

/// Reads it, each byte once. Throws `protocol_violation`.
segment_names read_segment_list(std::span<const std::byte> payload);

/// What has come with a message that names segments.
struct received_blocks {
  detail::block_ptr body;
  std::size_t body_size = 0;
  std::vector<detail::block_ptr> attached;
  bool lacks_memory = false; ///< for the body, which is not there

  /// The bytes of which `front` has come in the ring and the rest lies in `body`. They refer to the block if nothing is
  /// in front and they `may_refer` to it; otherwise they are a copy.
  detail::bytes join(std::span<const std::byte> front, bool may_refer);
};

} // namespace troupe::link
