#pragma once

#include "actors/actor_hub.hpp"
#include "actors/remote_proxy.hpp"
#include "link/frame.hpp"
#include "loop/loop_actor.hpp"

#include <troupe/detail/bytes.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

namespace troupe::actors {

/// The other process wants to know when an actor ends.
struct watch_local {
  caf::node_id process; // its home
  caf::actor_id actor = 0;
};
/// An actor that was published has ended, whether or not it is watched yet.
struct published_ended {
  caf::actor_id actor = 0;
  caf::error reason;
};
struct close_bridge {};
/// One more, or one less, actor that was spawned for this process lives in the other one.
struct hosted_changed {
  int by = 0;
};

} // namespace troupe::actors

TROUPE_LOCAL_MESSAGE(troupe::actors::watch_local)
TROUPE_LOCAL_MESSAGE(troupe::actors::published_ended)
TROUPE_LOCAL_MESSAGE(troupe::actors::close_bridge)
TROUPE_LOCAL_MESSAGE(troupe::actors::hosted_changed)

namespace troupe::actors {

/// One end of what passes between the actors of two processes: messages in CAF's own encoding, and who
/// has ended. There is a bridge in the parent for each child that hosts actors, and one in such a child.
class actor_bridge final : public loop::loop_actor {
public:
  /// How the bridge reaches the link. Called on the loop's thread.
  struct link_end {
    std::function<void(link::actor_signal, detail::bytes&&)> send;
    /// Something that a person should know, not escaped.
    std::function<void(const std::string&)> warn;
    /// How many actors live in the other process for this one. May be null.
    std::function<void(std::size_t)> hosted = nullptr;
    /// As `send`, for what the other process has asked for: what it may leave unread is limited. Null:
    /// `send`.
    std::function<void(link::actor_signal, detail::bytes&&)> answer = nullptr;
    /// The other process cannot be served any more, and is to be ended. Null: there is no way to do that.
    std::function<void(const std::string&)> end = nullptr;
  };

  actor_bridge(caf::actor_config& config, loop::event_loop& loop, actor_hub& hub, link_end link);
  ~actor_bridge() override;

  caf::behavior handlers() override;

  /// Takes a signal of the other process. Throws `link::protocol_violation` if it is not legal.
  void receive(link::actor_signal signal, std::span<const std::byte> payload);

  /// Makes an actor of this process known to the other one, which is about to watch it.
  void publish(const caf::actor& actor);

  /// Tells the other process who this is; its first signal.
  void say_hello();

  /// The other process is gone: so are its actors, and who waits for their responses is told.
  void close(const caf::error& reason);

private:
  // What is to be done when an actor ends that is monitored here.
  struct monitored_actor {
    // By number: the whole id, which has flags as well. Those that have no response yet.
    std::map<std::uint64_t, caf::message_id> open_requests;
    std::optional<watch_local> watch; // by the other process
  };

  // It may end before it is watched: then its end waits to be asked for.
  struct published_actor {
    bool watched = false;
    std::optional<caf::error> end;
  };

  void send(outbound& out);
  void watch_remote_actor(const caf::strong_actor_ptr& proxy);
  void on_published_ended(const published_ended& ended);
  void watch_local_actor(const watch_local& watch);
  void tell_end(caf::node_id process, caf::actor_id actor, const caf::error& reason);
  monitored_actor& monitored(const caf::strong_actor_ptr& actor);
  void on_monitored_ended(const caf::down_msg& down);
  // False if there are too many.
  bool note_request(const caf::strong_actor_ptr& asker, caf::message_id id);
  void forget_request(const caf::strong_actor_ptr& asker, caf::message_id id);
  void answer(link::actor_signal signal, detail::bytes&& payload);
  // Calls it; what it throws ends this bridge and the other process, and nothing else.
  template <class Function>
  void guarded(Function function);
  void give_up(const std::string& problem);
  void fail(const caf::strong_actor_ptr& asker, caf::message_id id, const caf::error& reason);

  void on_hello(std::span<const std::byte> payload);
  void on_message(std::span<const std::byte> payload);
  void on_watch(std::span<const std::byte> payload);
  void on_down(std::span<const std::byte> payload);

  actor_hub& hub_;
  link_end link_;
  caf::node_id peer_; // in the parent: the child
  std::unordered_map<caf::actor_addr, monitored_actor> monitored_;
  std::size_t open_requests_ = 0; // of all askers
  std::unordered_map<caf::actor_id, published_actor> published_;
  std::size_t hosted_ = 0;
  caf::error closed_; // why, once it is
};

} // namespace troupe::actors
