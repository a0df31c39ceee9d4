#include "parent/child/child_actors.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "parent/child/log.hpp"

#include <memory>
#include <utility>

namespace troupe::parent {

child_actors::child_actors(loop::event_loop& loop, actors::actor_hub& hub, peer& child,
  std::function<void(std::size_t)> hosted)
  : loop_(loop)
  , hub_(hub)
  , child_(child)
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
    send(signal, std::move(payload));
  };
  end.answer = [this](link::actor_signal signal, detail::bytes&& payload) {
    answer(signal, std::move(payload));
  };
  end.end = [this](const std::string& reason) { child_.end(reason); };
  end.warn = [](const std::string& text) { log()->warn("{}", base::escape(text)); };
  end.hosted = hosted_;
  bridge_handle_ = loop_.system().spawn<actors::actor_bridge>(loop_, hub_, std::move(end));
  bridge_ =
    static_cast<actors::actor_bridge*>(caf::actor_cast<caf::abstract_actor*>(bridge_handle_));
}

void child_actors::send(link::actor_signal signal, detail::bytes&& payload) {
  const auto kept = std::make_shared<const detail::bytes>(std::move(payload));
  child_.signal_actors(signal, detail::view(*kept), kept);
}

void child_actors::answer(link::actor_signal signal, detail::bytes&& payload) {
  if (unread_->count() >= limits::max_unread_actor_signals ||
      unread_->bytes() >= limits::max_child_unread_bytes) {
    child_.end("protocol violation: its actors do not read what they asked for: " +
               unread_->describe() + " wait for them");
    return;
  }
  const auto kept = std::make_shared<unread_answers::one>(unread_, payload.size());
  kept->payload = std::move(payload);
  child_.signal_actors(signal, detail::view(kept->payload), kept);
}

void child_actors::end(const caf::error& reason) {
  if (auto* const bridge = std::exchange(bridge_, nullptr))
    bridge->close(reason);
  bridge_handle_ = nullptr;
}

} // namespace troupe::parent
