#include "child/runtime/parent_link.hpp"

#include "child/runtime/copies.hpp"
#include "child/runtime/exits.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe::child {

namespace {

base::unique_fd make_eventfd() {
  base::unique_fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd)
    throw std::system_error(errno, std::generic_category(), "eventfd for the link to the parent");
  return fd;
}

} // namespace

parent_link::parent_link(loop::event_loop& loop, link::channel channel, base::unique_fd control,
  std::uint32_t generation, frame_handler on_frame, batch_handler on_batch_end, work_handler work)
  : loop_(loop)
  , channel_(std::move(channel))
  , segments_(std::move(control), channel_.shared())
  , generation_(generation)
  , on_frame_(std::move(on_frame))
  , on_batch_end_(std::move(on_batch_end))
  , work_(std::move(work))
  , wake_(make_eventfd())
  , bell_watch_(loop.io(), channel_.bell_fd(), [this] { on_bell(); })
  , wake_watch_(loop.io(), wake_.get(), [this] { clear_wake(); }) {
  loop_.add_source(this);
}

parent_link::~parent_link() {
  loop_.remove_source(this);
}

void parent_link::on_bell() {
  if (!channel_.clear_bell())
    ::_exit(exit_parent_gone); // nobody is left to report anything to
}

bool parent_link::take_stops() noexcept {
  const auto count = wanted().stop_count();
  return std::exchange(stops_seen_, count) != count;
}

bool parent_link::is_wanted() noexcept {
  return wanted().drain() || wanted().stop_count() != stops_seen_;
}

void parent_link::wake() noexcept {
  ::eventfd_write(wake_.get(), 1);
}

void parent_link::clear_wake() noexcept {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
}

void parent_link::send(
  link::frame_header header, std::span<const std::byte> head, detail::bytes&& payload) {
  header.generation = generation_;
  if (payload.has_blocks())
    send_with_blocks(header, head, std::move(payload));
  else
    publish(header, head, std::move(payload), false);
}

// The caller must not write once more into what the parent is about to read: the payload is taken from it in any case.
void parent_link::send_with_blocks(
  link::frame_header header, std::span<const std::byte> head, detail::bytes payload) {
  const auto packed = segments_.pack(head, payload);
  if (!packed.head.empty()) {
    header.flags |= link::names_segments;
    head = packed.head;
  }
  publish(header, head, std::move(payload), packed.has_body);
}

// `in_segment`: the payload itself need not be written.
void parent_link::publish(const link::frame_header& header, std::span<const std::byte> head,
  detail::bytes&& payload, bool in_segment) {
  const auto body_of = [in_segment](const detail::bytes& all) {
    return in_segment ? std::span<const std::byte>() : detail::view(all);
  };
  if (channel_.try_send(header, head, body_of(payload)))
    return;
  const auto kept = std::make_shared<const detail::bytes>(std::move(payload));
  channel_.enqueue(header, head, body_of(*kept), kept);
}

void parent_link::receive(const link::frame_header& header, std::span<const std::byte> payload) {
  std::optional<link::received_blocks> blocks;
  if ((header.flags & link::names_segments) != 0 && (header.flags & link::payload_lost) == 0)
    blocks = segments_.unpack(payload, payload, [this] {
      channel_.announce();
      channel_.ring_peer();
    });
  // Code in between may wait for another message.
  auto* const outer = std::exchange(arrived_, blocks ? &*blocks : nullptr);
  on_frame_(header, payload);
  arrived_ = outer;
}

bool parent_link::exchange() {
  end_copy(); // what runs a loop here is a copy's way back
  const bool received =
    channel_.receive([this](const link::frame_header& header, std::span<const std::byte> payload) {
      receive(header, payload);
      return true;
    });
  if (received)
    on_batch_end_();
  return channel_.flush_outbox() || received;
}

bool parent_link::poll() {
  const bool exchanged = exchange();
  return work_() || exchanged;
}

void parent_link::sleep_until(std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono;
  channel_.ring_peer();
  if (channel_.prepare_sleep()) {
    auto patience = milliseconds(-1);
    if (deadline != steady_clock::time_point::max())
      patience = std::clamp<milliseconds>(
        ceil<milliseconds>(deadline - steady_clock::now()), milliseconds(0), hours(1));
    pollfd bells[] = {{channel_.bell_fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (::poll(bells, 2, static_cast<int>(patience.count())) > 0) {
      if (bells[0].revents != 0)
        on_bell();
      clear_wake();
    }
  }
  channel_.awake();
}

void parent_link::flush() {
  channel_.ring_peer();
}

// What the parent wants comes with a ring of the bell, which is only rung for a side that sleeps: so it is
// looked for once more.
bool parent_link::prepare_sleep() {
  return channel_.prepare_sleep() && !is_wanted();
}

void parent_link::awake() {
  channel_.awake();
}

} // namespace troupe::child
