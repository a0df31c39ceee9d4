#pragma once

#include "child/runtime/parent_link.hpp"
#include "link/request.hpp"
#include "link/segment_list.hpp"

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/promise.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::child {

/// What this child has asked its parent and has not been told. Each request is a promise that is
/// resolved by the reply.
class requests {
public:
  explicit requests(parent_link& link)
    : link_(link) {}
  requests(const requests&) = delete;
  requests& operator=(const requests&) = delete;

  // -- from any thread --------------------------------------------------------------------------------

  /// Asks in the name of the task in `cell`, or of `link::no_cell`. If the child has asked too much at once
  /// already, the answer is a `troupe::error`.
  void ask(link::service what, std::uint32_t cell, detail::bytes&& payload,
    const detail::promise_ptr& answer);
  /// Tells the parent that an answer is not wanted any more. It comes all the same. `started_too`: a task is
  /// to stop also if it has been started.
  void withdraw(const detail::promise_ptr& answer, bool started_too = false);
  /// Sends what is not answered, in order with what is asked.
  void tell(link::frame_kind what, detail::bytes&& payload);
  /// Calls it on the loop's thread, in order with what is asked, also while a function there waits for the
  /// parent.
  void post(std::function<void()> function);
  /// The same for what belongs to the outcome of a task.
  void post_outcome(std::function<void()> function);
  /// How much other threads than the loop's have asked, told and posted: it comes before the outcome of their task.
  std::uint64_t posted() const noexcept { return posts_.load(std::memory_order_relaxed); }

  // -- on the loop's thread -----------------------------------------------------------------------------

  /// False: there was no such request. `blocks`: what has come with it, or null.
  bool on_reply(const link::frame_header& header, std::span<const std::byte> payload,
    link::received_blocks* blocks);
  /// Calls what has been posted; true if there was something.
  bool run_posted() { return has_posted_.load(std::memory_order_acquire) && take_posted(); }

private:
  bool take_posted();

  struct request {
    detail::promise_ptr answer;
    std::size_t bytes = 0;
    bool for_segment = false;
  };

  // An answer that does not fit into memory is that error.
  static detail::outcome result_of(const link::frame_header& header,
    std::span<const std::byte> payload, link::received_blocks* blocks) noexcept;
  void send(link::service what, std::uint32_t cell, detail::bytes&& payload,
    const detail::promise_ptr& answer);

  parent_link& link_;
  std::unordered_map<std::uint64_t, request> pending_;
  std::uint64_t last_id_ = 0;
  std::uint64_t pending_bytes_ = 0;

  std::atomic<std::uint64_t> posts_ = 0;
  std::atomic<bool> has_posted_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_; // guarded by mutex_
};

} // namespace troupe::child
