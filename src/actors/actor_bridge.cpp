#include "actors/actor_bridge.hpp"

#include "base/limits.hpp"
#include "caf/portable.hpp"
#include "caf/task_error.hpp"

#include <exception>
#include <string>
#include <vector>

namespace troupe::actors {

namespace {

// Of ids and portable errors, which can always be encoded.
template <class... Ts>
detail::bytes encoded(actor_hub& hub, Ts&... values) {
  detail::bytes result;
  static_cast<void>(hub.codec().encode(result, values...));
  return result;
}

template <class... Ts>
void decode(actor_hub& hub, std::span<const std::byte> payload, const char* what, Ts&... values) {
  if (const auto problem = hub.codec().decode(payload, values...))
    throw link::protocol_violation(std::string(what) + ": " + caf::to_string(problem));
}

} // namespace

actor_bridge::actor_bridge(
  caf::actor_config& config, loop::event_loop& loop, actor_hub& hub, link_end link)
  : loop_actor(config, loop)
  , hub_(hub)
  , link_(std::move(link)) {}

actor_bridge::~actor_bridge() = default;

template <class Function>
void actor_bridge::guarded(Function function) {
  try {
    function();
  } catch (const link::protocol_violation& violation) {
    give_up(std::string("protocol violation: ") + violation.what());
  } catch (const std::exception& problem) {
    give_up(std::string("its actors could not be served: ") + problem.what());
  } catch (...) {
    give_up("its actors could not be served");
  }
}

void actor_bridge::give_up(const std::string& problem) {
  if (link_.end)
    link_.end(problem);
  else
    link_.warn(problem);
  close(caf::make_error(caf::sec::runtime_error, problem));
}

caf::behavior actor_bridge::handlers() {
  set_down_handler(
    [this](const caf::down_msg& down) { guarded([&] { on_monitored_ended(down); }); });
  return {
    [this](outbound& out) {
      drop_current_message_id(); // the other side answers
      guarded([&] { send(out); });
    },
    [this](const watch_remote& message) { guarded([&] { watch_remote_actor(message.proxy); }); },
    [this](const watch_local& message) { guarded([&] { watch_local_actor(message); }); },
    [this](const published_ended& message) { guarded([&] { on_published_ended(message); }); },
    [this](const hosted_changed& message) {
      guarded([&] {
        hosted_ += static_cast<std::size_t>(message.by);
        if (link_.hosted)
          link_.hosted(hosted_);
      });
    },
    [this](const close_bridge&) { quit(closed_); },
  };
}

// -- what goes out --------------------------------------------------------------------------------------

void actor_bridge::send(outbound& out) {
  auto& message = out.message;
  if (closed_) {
    fail(message.from, message.id, closed_);
    return;
  }
  if (compat::is_part_of_stream(message)) {
    link_.warn("a CAF stream cannot leave its process");
    return;
  }
  compat::make_portable(hub_.codec(), message.content);
  detail::bytes encoded;
  auto error = hub_.codec().encode(encoded, out.to, message);
  if (!error && encoded.size() > limits::max_message_bytes)
    error = caf::make_error(caf::sec::invalid_argument,
      "it takes " + std::to_string(encoded.size()) + " bytes, but " +
        std::to_string(limits::max_message_bytes) + " are the limit: send it in parts");
  if (error) {
    link_.warn(
      "a message was not sent to the actor of another process: " + compat::render(system(), error) +
      ", in " + caf::to_string(message.content).substr(0, limits::max_shown_message_bytes) + ": " +
      compat::encode_hint);
    fail(message.from, message.id, error);
    return;
  }
  if (message.id.is_request() && message.from && !note_request(message.from, message.id)) {
    fail(message.from, message.id,
      caf::make_error(caf::sec::runtime_error,
        std::to_string(limits::max_open_actor_requests) +
          " requests to the actors of one child are open, as many as may be: wait for responses"));
    return;
  }
  if (message.id.is_response())
    answer(link::actor_signal::message, std::move(encoded));
  else
    link_.send(link::actor_signal::message, std::move(encoded));
}

void actor_bridge::answer(link::actor_signal signal, detail::bytes&& payload) {
  (link_.answer ? link_.answer : link_.send)(signal, std::move(payload));
}

bool actor_bridge::note_request(const caf::strong_actor_ptr& asker, caf::message_id id) {
  if (open_requests_ >= limits::max_open_actor_requests)
    return false;
  if (monitored(asker).open_requests.emplace(id.request_id().integer_value(), id).second)
    ++open_requests_;
  return true;
}

// Its response has come, or it comes back as a request of the same asker: it was delegated, and whoever has
// it now will answer.
void actor_bridge::forget_request(const caf::strong_actor_ptr& asker, caf::message_id id) {
  if (const auto found = monitored_.find(caf::actor_cast<caf::actor_addr>(asker));
      found != monitored_.end())
    open_requests_ -= found->second.open_requests.erase(id.request_id().integer_value());
}

void actor_bridge::fail(
  const caf::strong_actor_ptr& asker, caf::message_id id, const caf::error& reason) {
  if (asker && id.is_request())
    compat::fail_request(asker, id, reason, nullptr, &loop());
}

void actor_bridge::watch_remote_actor(const caf::strong_actor_ptr& proxy) {
  if (closed_)
    return;
  auto target = proxy;
  detail::bytes encoded;
  if (!hub_.codec().encode(encoded, target))
    answer(link::actor_signal::watch, std::move(encoded));
}

void actor_bridge::tell_end(caf::node_id process, caf::actor_id actor, const caf::error& why) {
  if (closed_)
    return;
  auto reason = compat::portable(hub_.codec(), why);
  answer(link::actor_signal::down, encoded(hub_, process, actor, reason));
}

void actor_bridge::say_hello() {
  auto self = system().node();
  link_.send(link::actor_signal::hello, encoded(hub_, self));
}

// -- ends of actors here --------------------------------------------------------------------------------

// Each actor is monitored once, whatever for and however often that is asked; until it ends, or this bridge.
actor_bridge::monitored_actor& actor_bridge::monitored(const caf::strong_actor_ptr& actor) {
  const auto [found, is_new] =
    monitored_.try_emplace(caf::actor_cast<caf::actor_addr>(actor), monitored_actor{});
  if (is_new)
    monitor(actor);
  return found->second;
}

void actor_bridge::on_monitored_ended(const caf::down_msg& down) {
  const auto found = monitored_.find(down.source);
  if (found == monitored_.end())
    return;
  const auto ended = std::move(found->second);
  monitored_.erase(found);
  open_requests_ -= ended.open_requests.size();
  if (ended.watch)
    tell_end(ended.watch->process, ended.watch->actor, down.reason);
}

void actor_bridge::publish(const caf::actor& actor) {
  system().registry().put(actor.id(), caf::actor_cast<caf::strong_actor_ptr>(actor));
  published_.emplace(actor.id(), published_actor{});
  caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor(
    [id = actor.id(), self = caf::actor_cast<caf::actor_addr>(caf::actor(this))](
      const caf::error& reason) {
      if (const auto bridge = caf::actor_cast<caf::actor>(self))
        caf::anon_send(bridge, published_ended{id, reason});
    });
}

void actor_bridge::on_published_ended(const published_ended& ended) {
  auto& actor = published_[ended.actor];
  if (actor.watched) {
    tell_end(system().node(), ended.actor, ended.reason);
    published_.erase(ended.actor);
  } else {
    actor.end = ended.reason;
  }
}

void actor_bridge::watch_local_actor(const watch_local& watch) {
  const auto published = published_.find(watch.actor);
  if (watch.process == system().node() && published != published_.end()) {
    published->second.watched = true;
    if (published->second.end)
      on_published_ended({watch.actor, *published->second.end});
  } else if (const auto target = hub_.find(watch.process, watch.actor)) {
    monitored(target).watch = watch;
  } else {
    tell_end(watch.process, watch.actor, caf::exit_reason::unknown);
  }
}

// -- what comes in --------------------------------------------------------------------------------------

void actor_bridge::receive(link::actor_signal signal, std::span<const std::byte> payload) {
  hub_.tidy();
  // The other process can write to that memory while it is read.
  const std::vector<std::byte> copy(payload.begin(), payload.end());
  switch (signal) {
  case link::actor_signal::hello:
    return on_hello(copy);
  case link::actor_signal::message:
    return on_message(copy);
  case link::actor_signal::watch:
    return on_watch(copy);
  case link::actor_signal::down:
    return on_down(copy);
  }
  throw link::protocol_violation("unknown signal of actors");
}

void actor_bridge::on_hello(std::span<const std::byte> payload) {
  caf::node_id process;
  decode(hub_, payload, "hello of actors", process);
  if (peer_ || !hub_.add(process, this))
    throw link::protocol_violation("unexpected hello of actors");
  peer_ = process;
}

void actor_bridge::on_message(std::span<const std::byte> payload) {
  caf::strong_actor_ptr to;
  compat::letter in;
  decode(hub_, payload, "message of an actor", to, in);
  // The parts of a stream would be taken for what they say they are.
  if (compat::is_part_of_stream(in) || in.id.is_answered())
    throw link::protocol_violation("message of an actor with an illegal id");
  if (in.id.is_response() && to)
    forget_request(to, in.id);
  else if (in.id.is_request() && in.from)
    forget_request(in.from, in.id);
  if (!to)
    return fail(in.from, in.id, caf::sec::request_receiver_down);
  compat::deliver(std::move(in), *to->get(), &loop());
}

void actor_bridge::on_watch(std::span<const std::byte> payload) {
  // Its name alone: of an actor that is gone there is no handle.
  caf::actor_id actor = 0;
  caf::node_id process;
  decode(hub_, payload, "watch of an actor", actor, process);
  // After what the actor has told in its end, if it has ended.
  caf::anon_send(caf::actor(this), watch_local{process, actor});
}

void actor_bridge::on_down(std::span<const std::byte> payload) {
  caf::node_id process;
  caf::actor_id actor = 0;
  caf::error reason;
  decode(hub_, payload, "end of an actor", process, actor, reason);
  if (peer_ && process != peer_)
    throw link::protocol_violation("end of an actor of another process");
  hub_.remove(process, actor, std::move(reason));
}

void actor_bridge::close(const caf::error& reason) {
  if (closed_)
    return;
  closed_ = reason ? reason : caf::make_error(caf::exit_reason::remote_link_unreachable);
  link_ = {[](link::actor_signal, detail::bytes&&) {}, [](const std::string&) {}};
  if (peer_)
    hub_.remove(peer_, closed_);
  for (const auto& [actor, ended] : std::exchange(monitored_, {})) {
    demonitor(actor);
    const auto asker = caf::actor_cast<caf::strong_actor_ptr>(actor);
    for (const auto& [number, id] : ended.open_requests)
      fail(asker, id, closed_);
  }
  caf::anon_send(caf::actor(this), close_bridge{}); // to quit takes a message
}

} // namespace troupe::actors
