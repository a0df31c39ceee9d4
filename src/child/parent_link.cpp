#include "child/parent_link.hpp"

#include <utility>

namespace troupe::child {

parent_link::parent_link(loop::event_loop& loop, link::channel channel, std::uint32_t generation,
  frame_handler on_frame, work_handler work)
  : loop_(loop)
  , channel_(std::move(channel))
  , generation_(generation)
  , on_frame_(std::move(on_frame))
  , work_(std::move(work))
  , bell_(loop.io(), channel_.bell_fd(), [this] { channel_.clear_bell(); }) {
  loop_.add_source(this);
}

parent_link::~parent_link() {
  loop_.remove_source(this);
}

void parent_link::send(link::frame_header header, detail::bytes&& payload) {
  header.generation = generation_;
  if (channel_.try_send(header, {}, detail::view(payload)))
    return;
  const auto kept = std::make_shared<const detail::bytes>(std::move(payload));
  channel_.enqueue(header, {}, detail::view(*kept), kept);
}

bool parent_link::poll() {
  bool worked =
    channel_.receive([this](const link::frame_header& header, std::span<const std::byte> payload) {
      on_frame_(header, payload);
      return true;
    });
  worked |= channel_.flush_outbox();
  worked |= work_();
  return worked;
}

void parent_link::flush() {
  channel_.ring_peer();
}

bool parent_link::prepare_sleep() {
  return channel_.prepare_sleep();
}

void parent_link::awake() {
  channel_.awake();
}

} // namespace troupe::child
