#pragma once

#include <troupe/detail/call_code.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

namespace troupe::link {

/// What a frame says. The two directions use different kinds, so that a side which reads its own
/// writing notices.
enum class frame_kind : std::uint8_t {
  // parent to child
  setup = 1,     ///< the first frame: settings of the child
  call = 2,      ///< a task; payload: `call_head`, then the encoded arguments
  position = 3,  ///< a spare takes the position in `extra`
  reply = 4,     ///< answer to the request `task`; `extra` is a `reply_status` (request.hpp)
  module = 5,    ///< one from which calls are to come; payload: encoded `module_notice`
  to_actors = 6, ///< payload: see `actor_signal`
  forget = 7,    ///< the segment with the number `task` is used no more: it is to be unmapped
  // child to parent
  hello = 16,        ///< the first frame; payload: `child_hello`
  ready = 17,        ///< the initializer has returned
  start_failed = 18, ///< payload: encoded exception report
  value = 19,        ///< a task's encoded result
  threw = 20,        ///< a task's encoded exception report
  request = 21,      ///< number `task`, of the task in `cell`; `extra` is a `service` (request.hpp)
  withdraw = 22,     ///< the request `task` is not wanted; it is answered all the same
  lend = 23,         ///< the task waits for its pool, and another may have its place
  reclaim = 24,      ///< the task goes on
  from_actors = 26,  ///< payload: see `actor_signal`
  report = 27,       ///< beside the outcomes of tasks; payload: encoded `report`
  results = 28,      ///< outcomes of items of a batch, in their order; payload: records (batch.hpp)
  let_go =
    29, ///< the child has no more of the shared buffer `task`, of which it was told `extra` times
  full = 30, ///< its memory has grown beyond what it may have: it wants to be replaced
};

/// What passes between the actors of the two processes: `extra` of `to_actors` and `from_actors`. The
/// payloads are in CAF's encoding.
enum class actor_signal : std::uint64_t {
  hello = 1,   ///< from the child, before all others: the id of its CAF node
  message = 2, ///< receiver, sender, message id, stages, content
  watch = 3,   ///< an actor, whose end is to be told
  down = 4,    ///< an actor has ended: node, actor id, reason
};

inline constexpr std::uint8_t more_follows = 1; ///< flag: the payload goes on in the next frame
/// Flag that never travels: the receiver had no memory for the payload, which is gone.
inline constexpr std::uint8_t payload_lost = 2;
/// Flag of `results`: the child runs no more items of that batch.
inline constexpr std::uint8_t batch_ended = 4;

/// Flag of `value` and `threw`, of a coroutine, and of `results`, of the latest item that has been begun: it lingers
/// (`task_state::lingers`).
inline constexpr std::uint8_t lingers = 16;

/// Flag: the payload begins with a list of segments (segment_list.hpp).
inline constexpr std::uint8_t names_segments = 8;

/// Precedes every payload in a ring; both are aligned to 8 bytes. Host byte order: one machine.
struct frame_header {
  std::uint32_t length = 0; ///< bytes of payload in this frame
  frame_kind kind{};
  std::uint8_t flags = 0;
  std::uint16_t items = 0;      ///< call: that of a batch has so many; 0 for a task of its own
  std::uint32_t generation = 0; ///< of the child
  std::uint32_t cell = 0;       ///< in the cell table
  std::uint64_t task = 0;
  /// call: number of the attempt; value, threw and the end of a batch: nanoseconds that it ran; lend: how many tasks the
  /// child had started when it started this one; withdraw: 1 if a task is to stop also if it has been
  /// started; request and reply: see there.
  std::uint64_t extra = 0;
};
static_assert(sizeof(frame_header) == 32 && std::is_trivially_copyable_v<frame_header>);

/// Which code a call runs.
struct call_head {
  std::uint64_t thunk_offset = 0;
  std::uint64_t target_offset = 0;
  std::uint32_t thunk_module = 0;
  std::uint32_t target_module = 0;
  std::int64_t timeout = 0; ///< nanoseconds; 0: none
  std::uint8_t kind = 0;
  std::uint8_t padding[3] = {};
  std::uint32_t nesting = 0; ///< 0: not submitted by a task; else 1 more than the task that did

  static call_head of(const detail::call_code& code) noexcept {
    call_head head;
    head.thunk_offset = code.thunk.offset;
    head.target_offset = code.target.offset;
    head.thunk_module = code.thunk.module;
    head.target_module = code.target.module;
    head.kind = static_cast<std::uint8_t>(code.kind);
    return head;
  }
  /// As it was written: nothing of it has been checked.
  detail::call_code code() const noexcept {
    return {{thunk_module, thunk_offset}, {target_module, target_offset},
      static_cast<detail::call_kind>(kind)};
  }
};
static_assert(sizeof(call_head) == 40 && std::is_trivially_copyable_v<call_head>);

/// The other side wrote what it must not. Ends that child, and nothing else.
class protocol_violation : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

constexpr std::size_t align8(std::size_t n) noexcept {
  return (n + 7) & ~std::size_t{7};
}

} // namespace troupe::link
