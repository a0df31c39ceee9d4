#pragma once

#include "child/runtime/segments.hpp"
#include "link/channel.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/event_loop.hpp"

#include <troupe/detail/bytes.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

namespace troupe::child {

/// The child's end of its link, as a source of the child's loop. Each message to the parent is published
/// at once; the doorbell that tells a sleeping parent of it is rung once a turn of the loop, or earlier
/// by `ring_now`.
class parent_link final : public loop::loop_source {
public:
  using frame_handler =
    std::function<void(const link::frame_header&, std::span<const std::byte> payload)>;
  using work_handler = std::function<bool()>;
  using batch_handler = std::function<void()>;

  /// `on_frame` gets each message of the parent; `work` is called each turn and returns whether it did
  /// something. `control` is what descriptors come over. Throws `std::system_error`.
  parent_link(loop::event_loop& loop, link::channel channel, base::unique_fd control,
    std::uint32_t generation, frame_handler on_frame, batch_handler on_batch_end,
    work_handler work);
  ~parent_link() override;

  void send(link::frame_header header, detail::bytes&& payload) {
    send(header, {}, std::move(payload));
  }
  void send(link::frame_header header, std::span<const std::byte> head, detail::bytes&& payload);
  child::segments& segments() noexcept { return segments_; }
  /// What has come with the message that is handed over, beside its payload; null: nothing.
  link::received_blocks* arrived() noexcept { return arrived_; }
  /// The channel, for results of batches, whose headers have this generation.
  link::channel& channel() noexcept { return channel_; }
  std::uint32_t generation() const noexcept { return generation_; }
  bool outbox_empty() const noexcept { return channel_.outbox_empty(); }
  void ring_now() { channel_.ring_peer(); }
  /// Wakes the loop's thread, wherever it waits for the link. From any thread.
  void wake() noexcept;
  /// Reads and writes, but starts no work; true if there was something to do. Also from inside `poll`.
  bool exchange();
  /// Blocks until there may be something to read, `wake` is called, or the deadline has come.
  void sleep_until(std::chrono::steady_clock::time_point deadline);
  link::shared_region& region() noexcept { return channel_.region(); }
  link::wishes& wanted() noexcept { return region().header().wanted; }
  /// Whether tasks may have been marked to stop since the last call. To be called before the look at the
  /// marks: one that comes meanwhile is looked for again.
  bool take_stops() noexcept;

  bool poll() override;
  void flush() override;
  bool prepare_sleep() override;
  void awake() override;

private:
  void send_with_blocks(
    link::frame_header header, std::span<const std::byte> head, detail::bytes payload);
  void publish(const link::frame_header& header, std::span<const std::byte> head,
    detail::bytes&& payload, bool in_segment);
  void receive(const link::frame_header& header, std::span<const std::byte> payload);
  void on_bell();
  bool is_wanted() noexcept;
  void clear_wake() noexcept;

  loop::event_loop& loop_;
  link::channel channel_;
  child::segments segments_;
  link::received_blocks* arrived_ = nullptr;
  std::uint32_t generation_;
  std::uint32_t stops_seen_ = 0;
  frame_handler on_frame_;
  batch_handler on_batch_end_;
  work_handler work_;
  base::unique_fd wake_; // an eventfd, on which threads of this process wake the loop's
  loop::descriptor_watch bell_watch_;
  loop::descriptor_watch wake_watch_;
};

} // namespace troupe::child
