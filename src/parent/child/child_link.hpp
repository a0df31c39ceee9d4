#pragma once

#include "base/unique_fd.hpp"
#include "link/bell.hpp"
#include "link/channel.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/child_segments.hpp"

#include <troupe/detail/bytes.hpp>
#include <troupe/input.hpp>

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace troupe::parent {

/// The parent's end of the link to one child, the mirror of the child's `parent_link`: what comes over it
/// is handed to a listener, and whatever a child writes, only that child comes to harm.
class child_link final : public loop::loop_source {
public:
  class listener {
  public:
    /// A message of the child; `payload` may lie in memory that it can write. What is thrown breaks the
    /// link.
    virtual void on_frame(const link::frame_header& header, std::span<const std::byte> payload) = 0;
    /// Messages have been handed over, and there are no more for now.
    virtual void on_batch_end() = 0;
    /// The link is not read any more, for that reason: the child must end.
    virtual void on_broken(const std::string& why) = 0;
    /// The child has closed its end.
    virtual void on_closed() = 0;

  protected:
    ~listener() = default;
  };

  /// What becomes of the child's standard streams.
  struct streams {
    input in = input::null;
    std::optional<std::array<int, 2>> output; ///< its stdout and stderr, if they are not inherited
  };

  /// Makes the link, with the settings of the child in it. Throws `std::system_error` if there are no
  /// descriptors or no memory.
  child_link(loop::event_loop& loop, listener& told, std::uint32_t generation, link::link_size size,
    const link::child_settings& settings, const streams& its_streams);
  child_link(const child_link&) = delete;
  ~child_link() override;

  /// Begins to listen. Until then nothing of what the child says is taken in.
  void open();
  /// Ends listening. What was written can still be read.
  void close();
  /// What the child inherits.
  base::unique_fd take_child_end() { return std::move(control_.second); }

  /// As `link::channel::send`; the generation is filled in.
  template <class MakeKeeper>
  void send(link::frame_header header, std::span<const std::byte> head,
    std::span<const std::byte> body, MakeKeeper make_keeper) {
    header.generation = generation_;
    loop_.attend(*this);
    channel_->send(header, head, body, std::move(make_keeper));
  }
  /// As `send`, of bytes that may lie in a segment, or have shared buffers attached: these travel as descriptors. What
  /// lies in a segment must stay as it is until the child is known to have read it.
  template <class MakeKeeper>
  void send_bytes(link::frame_header header, std::span<const std::byte> head,
    const detail::bytes& body, MakeKeeper make_keeper) {
    if (!body.has_blocks())
      return send(header, head, detail::view(body), std::move(make_keeper));
    send_with_blocks(header, head, body, std::move(make_keeper));
  }
  /// As `send`, of a payload that names what is attached to other bytes.
  template <class MakeKeeper>
  void send_naming(link::frame_header header, const detail::bytes& with,
    std::span<const std::byte> payload, MakeKeeper make_keeper) {
    header.flags |= link::names_segments;
    const auto head = segments_.list_attached(with);
    send(header, head, payload, std::move(make_keeper));
  }
  /// Makes a segment of at least that size for results; its number, or 0.
  std::uint64_t make_for_result(std::size_t least);
  /// The payload of the message that is being handed over, if it is this process's own and may be taken; else null.
  /// What the child has made it refer to is attached.
  detail::bytes* own_payload() noexcept { return own_payload_; }
  child_segments& segments() noexcept { return segments_; }
  /// Asks the child to run its finalizer and leave with that exit code, or 1 if the finalizer throws.
  void drain(int exit_code);
  /// Tells the child that the task in that cell is to stop, as it finds in the task table.
  void request_stop(std::uint32_t cell);

  /// Hands over what the child has written so far; nothing of what it writes meanwhile for ever.
  void read_all();
  /// Nothing that the child says is looked at any more, and the listener is told why.
  void break_link(const std::string& why);

  link::channel& channel() noexcept { return *channel_; }
  link::shared_region& region() noexcept { return *region_; }
  const std::shared_ptr<link::shared_region>& shared_region() const noexcept { return region_; }
  std::uint32_t generation() const noexcept { return generation_; }

  bool poll() override;
  void flush() override;
  bool prepare_sleep() override;
  void awake() override;
  bool may_rest() const override { return segments_.all_sent(); }

  /// Whether the child has said hello: its program has come to where children take over.
  bool greeted() const noexcept { return hello_checked_; }
  bool broken() const noexcept { return broken_; }
  /// Whether what the child says is taken in.
  bool is_open() const noexcept { return open_; }

private:
  template <class MakeKeeper>
  void send_with_blocks(link::frame_header header, std::span<const std::byte> head,
    const detail::bytes& body, MakeKeeper make_keeper) {
    auto packed = segments_.pack(head, body);
    watch_idle_segments();
    if (packed.forgotten != 0)
      send_forget(packed.forgotten);
    if (!packed.head.empty()) {
      header.flags |= link::names_segments;
      head = packed.head;
    }
    send(header, head, packed.has_body ? std::span<const std::byte>() : detail::view(body),
      std::move(make_keeper));
  }
  void announce();
  void send_forget(std::uint64_t segment);
  void watch_idle_segments();
  void give_back_idle_segments() noexcept;
  bool receive();
  void hand_over(const link::frame_header& header, std::span<const std::byte> payload);
  void on_frame(const link::frame_header& header, std::span<const std::byte> payload);
  void on_bell();
  void check_hello(const link::frame_header& header, std::span<const std::byte> payload);

  loop::event_loop& loop_;
  listener& listener_;
  const std::uint32_t generation_;
  std::shared_ptr<link::shared_region> region_;
  std::pair<base::unique_fd, base::unique_fd> control_; // the second: until it is launched
  // The end that the child reads: kept open, so that ringing the bell of a dead child raises no SIGPIPE.
  base::unique_fd child_bell_;
  link::child_hello own_hello_;
  std::unique_ptr<link::channel> channel_;
  std::unique_ptr<loop::descriptor_watch> bell_watch_;
  child_segments segments_;
  detail::bytes* own_payload_ = nullptr;
  boost::asio::steady_timer idle_timer_; // while there may be segments to give back
  bool idle_timer_runs_ = false;
  // A timer that has just fired cannot be cancelled any more.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  bool hello_checked_ = false;
  bool open_ = false;
  bool broken_ = false;
};

} // namespace troupe::parent
