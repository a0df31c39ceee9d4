#include "child/runtime/actor_host.hpp"

#include "caf/caf_compat.hpp"
#include "caf/late_actor_system.hpp"

#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace troupe {

namespace child {

namespace {
actor_host* the_host = nullptr; // set before the first task, never changed
}

actor_host::actor_host(caf::actor_system& system, loop::event_loop& loop, parent_link& link)
  : system_(system)
  , loop_(loop)
  , link_(link) {
  the_host = this;
}

actor_host::~actor_host() {
  the_host = nullptr;
}

actor_host* actor_host::current() noexcept {
  return the_host;
}

caf::actor_system& actor_host::system() {
  try {
    compat::wake_actor_system();
  } catch (const std::system_error& e) {
    throw std::system_error(
      e.code(), "actors need threads of CAF in their child, and none can be made there");
  }
  compat::give_node_id(system_);
  return system_;
}

void actor_host::open_bridge() {
  actors::actor_bridge::link_end end;
  end.send = [this](link::actor_signal signal, detail::bytes&& payload) {
    link::frame_header header;
    header.kind = link::frame_kind::from_actors;
    header.extra = static_cast<std::uint64_t>(signal);
    link_.send(header, std::move(payload));
  };
  end.warn = [](const std::string& text) {
    std::fprintf(stderr, "troupe: in a child: %s\n", text.c_str());
  };
  hub_.emplace(system_, loop_);
  bridge_handle_ = system_.spawn<actors::actor_bridge>(loop_, *hub_, std::move(end));
  bridge_ =
    static_cast<actors::actor_bridge*>(caf::actor_cast<caf::abstract_actor*>(bridge_handle_));
  hub_->set_default(bridge_handle_);
  bridge_->say_hello();
}

detail::hosted_id actor_host::publish(const caf::actor& hosted) {
  if (bridge_ == nullptr)
    open_bridge();
  bridge_->publish(hosted);
  auto node = system_.node();
  detail::bytes encoded;
  if (const auto error = hub_->codec().encode(encoded, node))
    throw std::runtime_error("the node of this child cannot be told: " + caf::to_string(error));
  const auto bytes = detail::view(encoded);
  return {hosted.id(), {bytes.begin(), bytes.end()}};
}

void actor_host::receive(link::actor_signal signal, std::span<const std::byte> payload) {
  if (bridge_ == nullptr)
    throw link::protocol_violation("a signal for actors, of which there are none");
  bridge_->receive(signal, payload);
}

} // namespace child

namespace detail {

namespace {

child::actor_host& host() {
  auto* const current = child::actor_host::current();
  if (current == nullptr)
    throw std::logic_error("this process is not a child of a pool: actors are spawned there");
  return *current;
}

} // namespace

caf_executor& hosting_unit() {
  return host().loop();
}

caf::actor_system& hosting_system() {
  return host().system();
}

hosted_id publish_hosted(const caf::actor& hosted) {
  return host().publish(hosted);
}

} // namespace detail
} // namespace troupe
