#pragma once

#include "link/frame.hpp"

#include <cstdint>
#include <type_traits>

namespace troupe::link {

/// What a child may ask of its parent. Each request is answered exactly once, unless the child dies.
enum class service : std::uint64_t {
  submit =
    1, ///< payload: `submit_head`, encoded task options, encoded arguments; answer: the outcome
  push = 2,  ///< payload: `queue_head`, encoded item; answer: a `detail::queue_status`
  pop = 3,   ///< payload: `queue_head`; answer: a `detail::queue_status`, encoded item
  close = 4, ///< payload: `queue_head`; answer: nothing
  make_segment =
    5, ///< payload: `make_segment_head`; answer: the number, or 0 if there is none for a result
};

/// What the payload of a reply is.
enum class reply_status : std::uint64_t {
  value = 0,  ///< what the service answers
  threw = 1,  ///< an encoded exception report
  failed = 2, ///< an encoded failure (values/failure_codec.hpp)
};

/// Instead of a cell: the request is not of a task, but of something that a task has left behind.
inline constexpr std::uint32_t no_cell = 0xffffffff;

struct submit_head {
  std::uint64_t pool = 0;
  std::uint64_t option_bytes = 0;
  call_head code;
};
static_assert(std::is_trivially_copyable_v<submit_head>);

struct queue_head {
  std::uint64_t queue = 0;
  std::int64_t patience = 0; ///< nanoseconds to wait for room or an item; the largest: for ever
};
static_assert(sizeof(queue_head) == 16 && std::is_trivially_copyable_v<queue_head>);

} // namespace troupe::link
