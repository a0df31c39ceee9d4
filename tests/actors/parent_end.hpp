#pragma once

#include "actors/actor_bridge.hpp"
#include "actors/actors.hpp"
#include "support/catch.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::test {

using buffer = std::vector<std::byte>;

inline std::span<const std::byte> bytes_of(const buffer& b) {
  return b;
}

// The parent's end of a bridge, with an actor that the child knows.
struct parent_end {
  compat::caf_config config{1};
  caf::actor_system system{config};
  troupe::loop::event_loop loop{system};
  std::optional<actors::actor_hub> hub{std::in_place, system, loop};
  caf::actor known;
  caf::actor handle;
  actors::actor_bridge* bridge = nullptr;
  std::size_t sent = 0;

  parent_end() {
    compat::give_node_id(system);
    known = system.spawn([](caf::event_based_actor* self) {
      self->set_default_handler(caf::drop);
      self->set_error_handler([](caf::error&) {});
      self->set_exit_handler([](caf::exit_msg&) {});
      self->set_down_handler([](caf::down_msg&) {});
      return caf::behavior{[](std::string) {}};
    });
    actors::actor_bridge::link_end end;
    end.send = [this](link::actor_signal, detail::bytes&&) { ++sent; };
    end.warn = [](const std::string&) {};
    handle = system.spawn<actors::actor_bridge>(loop, *hub, std::move(end));
    bridge = static_cast<actors::actor_bridge*>(caf::actor_cast<caf::abstract_actor*>(handle));
  }
  parent_end(const parent_end&) = delete;
  ~parent_end() {
    bridge->close(caf::exit_reason::user_shutdown);
    loop.stop();
    loop.run(); // what is left to do
    hub.reset();
    caf::anon_send_exit(known, caf::exit_reason::kill);
    handle = nullptr;
    known = nullptr;
  }

  /// Lets everything run that there is to run now: a turn of the loop takes 256 messages of an actor, and no
  /// test has more than a few thousand.
  void settle() {
    for (int turns = 0; turns < 16; ++turns) {
      bool reached = false;
      boost::asio::post(loop.io(), [&] { reached = true; });
      loop.run_while([&] { return !reached; });
    }
  }

  template <class... Ts>
  buffer encoded(Ts... values) {
    detail::bytes out;
    REQUIRE_FALSE(hub->codec().encode(out, values...));
    const auto bytes = detail::view(out);
    return {bytes.begin(), bytes.end()};
  }

  static caf::node_id child() {
    caf::node_id::default_data::host_id_type host{};
    host.fill(7);
    return caf::make_node_id(1234, host);
  }
  buffer hello() { return encoded(child()); }

  buffer message(std::uint64_t id, caf::message content) {
    return encoded(caf::actor_cast<caf::strong_actor_ptr>(known), caf::strong_actor_ptr(), id,
      stages_of_message(), std::move(content));
  }
};

} // namespace troupe::test
