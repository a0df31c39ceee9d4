#include "actors/actor_bridge.hpp"

#include "actors/bounded_deserializer.hpp"
#include "base/limits.hpp"

#include <caf/binary_serializer.hpp>

#include <exception>
#include <string>
#include <vector>

namespace troupe::actors {

namespace {

// CAF's inspect of a message drops its errors, so those on top are saved and loaded without it.
caf::error save(caf::serializer& sink, caf::message& value) {
  return value.save(sink);
}
template <class T>
caf::error save(caf::serializer& sink, T& value) {
  return sink(value);
}

caf::error load(caf::deserializer& source, caf::message& value) {
  return value.load(source);
}
template <class T>
caf::error load(caf::deserializer& source, T& value) {
  return source(value);
}

template <class... Ts>
caf::error encode(caf::execution_unit* context, detail::bytes& out, Ts&... values) {
  std::vector<char> buffer;
  caf::binary_serializer sink(context, buffer);
  caf::error problem;
  if (((problem = save(sink, values), !problem) && ...))
    out.append(buffer.data(), buffer.size());
  return problem;
}

// What comes from another process, whatever is thrown by a type's own code meanwhile.
template <class... Ts>
void decode(caf::execution_unit* context, std::span<const std::byte> payload, const char* what,
  Ts&... values) {
  caf::error problem;
  try {
    bounded_deserializer source(context, payload);
    const bool all = ((problem = load(source, values), !problem) && ...);
    if (all && (source.failed() || source.remaining() > 0))
      problem = caf::make_error(caf::sec::invalid_argument, std::string("of a wrong length"));
  } catch (const std::exception& e) {
    problem = caf::make_error(caf::sec::runtime_error, std::string(e.what()));
  }
  if (problem)
    throw link::protocol_violation(std::string(what) + ": " + caf::to_string(problem));
}

// The error, without its context if that has types that cannot leave the process.
caf::error portable(caf::execution_unit* context, const caf::error& error) {
  if (!error || error.context().empty())
    return error;
  auto content = error.context();
  detail::bytes unused;
  if (!encode(context, unused, content))
    return error;
  return {error.code(), error.category()};
}

void make_portable(caf::execution_unit* context, caf::message& content) {
  if (content.match_elements<caf::error>())
    content = caf::make_message(portable(context, content.get_as<caf::error>(0)));
  else if (content.match_elements<caf::exit_msg>())
    content = caf::make_message(caf::exit_msg{content.get_as<caf::exit_msg>(0).source,
      portable(context, content.get_as<caf::exit_msg>(0).reason)});
  else if (content.match_elements<caf::down_msg>())
    content = caf::make_message(caf::down_msg{content.get_as<caf::down_msg>(0).source,
      portable(context, content.get_as<caf::down_msg>(0).reason)});
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
    [this](outbound& message) {
      drop_current_message_id(); // the other side answers
      guarded([&] { send(message); });
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

void actor_bridge::send(outbound& message) {
  if (closed_) {
    fail(message.from, message.id, closed_);
    return;
  }
  if (message.id.is_stream_message()) {
    link_.warn("a CAF stream cannot leave its process");
    return;
  }
  make_portable(hub_.context(), message.content);
  auto id = message.id.integer_value();
  detail::bytes encoded;
  auto error =
    encode(hub_.context(), encoded, message.to, message.from, id, message.stages, message.content);
  if (!error && encoded.size() > limits::max_message_bytes)
    error = caf::make_error(caf::sec::invalid_argument,
      "it takes " + std::to_string(encoded.size()) + " bytes, but " +
        std::to_string(limits::max_message_bytes) + " are the limit: send it in parts");
  if (error) {
    link_.warn("a message was not sent to the actor of another process: " + system().render(error) +
               ", in " +
               caf::to_string(message.content).substr(0, limits::max_shown_message_bytes) +
               ": are all of its types registered with TROUPE_MESSAGE_TYPE?");
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
    asker->enqueue(nullptr, id.response_id(), caf::make_message(reason), &loop());
}

void actor_bridge::watch_remote_actor(const caf::strong_actor_ptr& proxy) {
  if (closed_)
    return;
  auto target = proxy;
  detail::bytes encoded;
  if (!encode(hub_.context(), encoded, target))
    answer(link::actor_signal::watch, std::move(encoded));
}

void actor_bridge::tell_end(caf::node_id process, caf::actor_id actor, const caf::error& why) {
  if (closed_)
    return;
  auto reason = portable(hub_.context(), why);
  detail::bytes encoded;
  encode(hub_.context(), encoded, process, actor, reason);
  answer(link::actor_signal::down, std::move(encoded));
}

void actor_bridge::say_hello() {
  auto self = system().node();
  detail::bytes encoded;
  encode(hub_.context(), encoded, self);
  link_.send(link::actor_signal::hello, std::move(encoded));
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
  decode(hub_.context(), payload, "hello of actors", process);
  if (peer_ || !hub_.add(process, this))
    throw link::protocol_violation("unexpected hello of actors");
  peer_ = process;
}

void actor_bridge::on_message(std::span<const std::byte> payload) {
  outbound in;
  std::uint64_t id = 0;
  decode(hub_.context(), payload, "message of an actor", in.to, in.from, id, in.stages, in.content);
  in.id = caf::message_id(id);
  // The parts of a stream would be taken for what they say they are.
  if (in.id.is_stream_message() || in.id.is_answered())
    throw link::protocol_violation("message of an actor with an illegal id");
  if (in.id.is_response() && in.to)
    forget_request(in.to, in.id);
  else if (in.id.is_request() && in.from)
    forget_request(in.from, in.id);
  if (!in.to)
    return fail(in.from, in.id, caf::sec::request_receiver_down);
  in.to->enqueue(caf::make_mailbox_element(
                   std::move(in.from), in.id, std::move(in.stages), std::move(in.content)),
    &loop());
}

void actor_bridge::on_watch(std::span<const std::byte> payload) {
  // Its name alone: of an actor that is gone there is no handle.
  caf::actor_id actor = 0;
  caf::node_id process;
  decode(hub_.context(), payload, "watch of an actor", actor, process);
  // After what the actor has told in its end, if it has ended.
  caf::anon_send(caf::actor(this), watch_local{process, actor});
}

void actor_bridge::on_down(std::span<const std::byte> payload) {
  caf::node_id process;
  caf::actor_id actor = 0;
  caf::error reason;
  decode(hub_.context(), payload, "end of an actor", process, actor, reason);
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
