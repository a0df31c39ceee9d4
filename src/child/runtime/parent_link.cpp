#include "child/runtime/parent_link.hpp"

#include <algorithm>
#include <utility>

#include <poll.h>

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

bool parent_link::exchange() {
  const bool received =
    channel_.receive([this](const link::frame_header& header, std::span<const std::byte> payload) {
      on_frame_(header, payload);
      return true;
    });
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
    pollfd bell{channel_.bell_fd(), POLLIN, 0};
    if (::poll(&bell, 1, static_cast<int>(patience.count())) > 0)
      channel_.clear_bell();
  }
  channel_.awake();
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
