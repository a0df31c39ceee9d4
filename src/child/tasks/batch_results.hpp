#pragma once

#include "child/runtime/parent_link.hpp"
#include "link/frame.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/detail/bytes.hpp>

#include <cstdint>
#include <span>

namespace troupe::child {

/// The results of a batch on their way to the parent. Each is written into the ring as it is made, where it survives
/// this process; the parent is told of them when the batch ends, when they fill a frame, or when it looks.
class batch_results {
public:
  batch_results(parent_link& link, std::uint32_t cell, std::uint64_t task);

  /// True if the results of further items can be written at once.
  bool has_room() { return link_.outbox_empty() && (is_staging() || stage(usual_bytes)); }
  /// `result` may be taken.
  void add(detail::bytes& result, bool threw) {
    const detail::record_head head(result.size(), threw);
    if (!is_staging() || result.has_blocks() ||
        !link_.channel().append(head.word(), {result.data(), result.size()}))
      begin_frame(head, result);
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

  // Adds it to a frame that begins with it.
  void begin_frame(const detail::record_head& head, detail::bytes& result);
  void publish(std::uint8_t flags, std::uint64_t extra);
  bool is_staging() const { return link_.channel().is_staging(header_.cell); }
  bool stage(std::size_t least) { return link_.stage(header_, least); }

  parent_link& link_;
  link::frame_header header_;
};

} // namespace troupe::child
