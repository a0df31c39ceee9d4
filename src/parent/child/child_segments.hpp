#pragma once

#include "base/unique_fd.hpp"
#include "link/control_socket.hpp"
#include "link/segment.hpp"
#include "link/segment_list.hpp"
#include "link/shared_region.hpp"
#include "parent/child/result_segments.hpp"

#include <troupe/detail/bytes.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::parent {

/// The segments that one child has: the parent makes each of them, and passes its descriptor over the control socket.
/// Nothing that a child writes into one, or says of one, is trusted. On the loop's thread.
///
/// - Those of arguments belong to the process (`link::segment_pool`); the child reads them, while a task of it needs
///   them.
/// - Those for results belong to the link. Each is either the child's, to write a result into, or lent to whoever has
///   the result here; a bit in shared memory says that it is the child's again.
/// - Shared buffers belong to whoever has one, here or there: one that the child knows is kept until the child says
///   that it has no more of it.
class child_segments {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Over which the child is told, and the memory that both share.
  child_segments(int control, const std::shared_ptr<link::shared_region>& region);
  child_segments(const child_segments&) = delete;
  ~child_segments();

  // -- what is sent ---------------------------------------------------------------------------------

  struct packed {
    std::vector<std::byte> head; ///< to be sent in place of the given one; empty: that one
    bool has_body = false;       ///< the bytes need not be sent
    std::uint64_t forgotten = 0; ///< a segment that the child is to unmap; 0: none
  };
  /// Tells the child of the segments of a message of `head` and `body`.
  packed pack(std::span<const std::byte> head, const detail::bytes& body);
  /// Tells the child of the blocks attached to those bytes; what a message that names them begins with.
  std::vector<std::byte> list_attached(const detail::bytes& bytes);
  /// Tells it what it could not be told before, because it had not read so much; false if that is so still.
  bool flush() noexcept;

  // -- what the child says --------------------------------------------------------------------------

  /// What a message names; `rest`: its payload after that. Throws `protocol_violation`.
  link::received_blocks unpack(
    std::span<const std::byte> payload, std::span<const std::byte>& rest);
  /// Makes a segment of at least that size for results, and tells the child; its number, or 0 if the child can have
  /// no more.
  std::uint64_t make_for_result(std::size_t least);
  /// Makes a shared buffer for the child, which is told of it by a message that names it: by what is attached to the
  /// result. Throws `std::system_error`, or `troupe::error` if the child has too many of its own.
  detail::bytes make_buffer(std::size_t size);
  /// The child has no more of a buffer, of which it was told so often. Throws `protocol_violation`.
  void let_go(std::uint64_t number, std::uint64_t times);

  /// Whether the control socket has taken all notices; `flush` tries again.
  bool all_sent() const noexcept { return unsent_.empty(); }

  // -- giving back ----------------------------------------------------------------------------------

  /// The segments that have been idle since before then are the child's no more: they are to be unmapped there.
  std::vector<std::uint64_t> trim(time_point idle_since);
  /// The same of all segments for results that the child has and does not use.
  std::vector<std::uint64_t> give_up_results() { return results_->trim(time_point::max()); }
  /// Whether there is something that `trim` may have to do later.
  bool has_idle() const { return !arguments_.empty() || !results_->empty(); }

private:
  struct known_buffer {
    detail::block_ptr block;
    std::uint64_t times = 0; // that the child was told
    bool made_for_child = false;
  };
  struct unsent {
    link::segment_notice notice;
    detail::block_ptr keep; // whose descriptor goes with it, if it is not this:
    base::unique_fd fd;
  };

  void tell(link::segment_use use, const detail::block_ptr& block);
  void tell(unsent&& what);
  bool send(const unsent& what) noexcept;
  void tell_of_buffers(const detail::bytes& body);
  std::uint64_t tell_of_argument(detail::memory_block& block);

  const int control_; // which outlives this
  const std::shared_ptr<link::shared_region> region_;
  std::deque<unsent> unsent_;
  std::vector<std::uint64_t> arguments_; // that the child has mapped; the one used last at the end
  const std::shared_ptr<result_segments> results_;
  std::unordered_map<std::uint64_t, known_buffer> buffers_;
  std::size_t made_buffers_ = 0; // for the child, that it still has
  std::size_t made_bytes_ = 0;   // of these
};

} // namespace troupe::parent
