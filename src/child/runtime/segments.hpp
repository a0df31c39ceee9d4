#pragma once

#include "base/unique_fd.hpp"
#include "link/segment.hpp"
#include "link/segment_list.hpp"
#include "link/shared_region.hpp"

#include <troupe/detail/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::child {

/// The segments of this child, which its parent makes (parent/child/child_segments.hpp): those of arguments that it
/// knows, those for its results, and the shared buffers that messages on their way bring.
class segments {
public:
  segments(base::unique_fd control, std::shared_ptr<link::shared_region> region);
  segments(const segments&) = delete;

  // -- on the loop's thread -------------------------------------------------------------------------

  /// What a message of the parent names; `rest`: its payload after that. `urge` is called to wake the parent, if that
  /// still has something to tell.
  link::received_blocks unpack(std::span<const std::byte> payload, std::span<const std::byte>& rest,
    const std::function<void()>& urge);
  /// Takes in what the parent has told of segments so far.
  void read_notices();
  /// The parent uses it no more.
  void forget(std::uint64_t number) noexcept;

  struct packed {
    std::vector<std::byte> head; ///< to be sent in place of the given one
    bool has_body = false;       ///< the bytes need not be sent
  };
  /// For a message of `head` and `body`, which has blocks and is sent once.
  packed pack(std::span<const std::byte> head, const detail::bytes& body);

  /// Is called when nothing in this process refers to a shared buffer any more, of which it was told so often. On any
  /// thread.
  void on_let_go(std::function<void(std::uint64_t number, std::uint64_t times)> told);

  // -- from any thread ------------------------------------------------------------------------------

  /// One for a result of that size, or null if there is none.
  detail::block_ptr take_for_result(std::size_t size) noexcept;

private:
  class results;
  class buffers;
  struct pending {
    detail::block_ptr block;
    std::size_t messages = 0; // that are to bring it
  };

  // Reads one notice; false if there is none.
  bool read_notice();
  void take_notice(const link::segment_notice& notice, base::unique_fd fd);
  void take_buffer(const link::segment_notice& notice, base::unique_fd fd);
  void await_notice(const std::function<void()>& urge);

  const base::unique_fd control_;
  std::unordered_map<std::uint64_t, detail::block_ptr>
    arguments_;                                         // null: there is no memory for it
  std::unordered_map<std::uint64_t, pending> arriving_; // shared buffers
  const std::shared_ptr<results> results_;
  const std::shared_ptr<buffers> buffers_;
};

} // namespace troupe::child
