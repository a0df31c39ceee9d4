#include "parent/child/child_actors.hpp"

#include "base/escape.hpp"
#include "parent/child/log.hpp"

#include <memory>
#include <utility>

namespace troupe::parent {

child_actors::child_actors(loop::event_loop& loop, actors::actor_hub& hub, link::channel& channel,
  std::uint32_t generation, std::function<void(std::size_t)> hosted)
  : loop_(loop)
  , hub_(hub)
  , channel_(channel)
  , generation_(generation)
  , hosted_(std::move(hosted)) {}

void child_actors::receive(link::actor_signal signal, std::span<const std::byte> payload) {
  if (bridge_ == nullptr) {
    if (signal != link::actor_signal::hello)
      throw link::protocol_violation("signal of actors before their hello");
    open_bridge();
  }
  bridge_->receive(signal, payload);
}

void child_actors::open_bridge() {
  actors::actor_bridge::link_end end;
  end.send = [this](link::actor_signal signal, detail::bytes&& payload) {
    link::frame_header header;
    header.kind = link::frame_kind::to_actors;
    header.generation = generation_;
    header.extra = static_cast<std::uint64_t>(signal);
    const auto kept = std::make_shared<const detail::bytes>(std::move(payload));
    channel_.send(header, {}, detail::view(*kept), [&] { return kept; });
  };
  end.warn = [](const std::string& text) { log()->warn("{}", base::escape(text)); };
  end.hosted = hosted_;
  bridge_handle_ = loop_.system().spawn<actors::actor_bridge>(loop_, hub_, std::move(end));
  bridge_ =
    static_cast<actors::actor_bridge*>(caf::actor_cast<caf::abstract_actor*>(bridge_handle_));
}

void child_actors::end(const caf::error& reason) {
  if (auto* const bridge = std::exchange(bridge_, nullptr))
    bridge->close(reason);
  bridge_handle_ = nullptr;
}

} // namespace troupe::parent
