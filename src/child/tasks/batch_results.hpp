#pragma once

#include "child/runtime/parent_link.hpp"
#include "link/frame.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/detail/bytes.hpp>

#include <cstdint>
#include <utility>

namespace troupe::child {

/// The results of a batch on their way to the parent. Each is written into the ring as it is made, where it survives
/// this process; the parent is told of them when the batch ends, when they fill a frame, or when it looks.
class batch_results {
public:
  batch_results(parent_link& link, std::uint32_t cell, std::uint64_t task);

  /// True if the results of further items can be written at once.
  bool has_room() { return link_.outbox_empty() && link_.channel().reserve(header_, usual_bytes); }
  /// `result` may be taken.
  void add(detail::bytes& result, bool threw) {
    if (!try_add(result, threw))
      send(detail::record_head(result.size(), threw), std::move(result));
  }
  /// Adds it if it can be written at once. The one thing here that any thread may do, once the link is shared.
  bool try_add(const detail::bytes& result, bool threw) noexcept {
    return !result.has_blocks() &&
           link_.channel().append(header_, detail::record_head(result.size(), threw).word(),
             {result.data(), result.size()});
  }
  /// The batch has ended after running for `nanoseconds`; `lingers`: of its last item.
  void end(std::uint64_t nanoseconds, bool lingers) {
    publish(
      static_cast<std::uint8_t>(link::batch_ended | (lingers ? link::lingers : 0)), nanoseconds);
  }
  /// The item that runs lingers: the parent is told, and of what is finished.
  void linger() { publish(link::lingers, 0); }

private:
  // Room for this much is there before an item is begun: a small result need not wait for the parent.
  static constexpr std::size_t usual_bytes = 256;

  void send(const detail::record_head& head, detail::bytes&& result);
  void publish(std::uint8_t flags, std::uint64_t extra);

  parent_link& link_;
  link::frame_header header_;
};

} // namespace troupe::child
