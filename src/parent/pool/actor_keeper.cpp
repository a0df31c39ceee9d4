#include "parent/pool/actor_keeper.hpp"

#include "actors/actor_bridge.hpp"
#include "base/escape.hpp"
#include "caf/task_error.hpp"
#include "compat/everything_else.hpp"
#include "parent/child/log.hpp"
#include "policy/restart_policy.hpp"

#include <caf/exit_reason.hpp>

#include <utility>

namespace troupe::parent {

namespace {

const caf::error shutdown = caf::exit_reason::user_shutdown;

// Whether a start failed only because the pool has ended meanwhile.
bool is_shutdown(const caf::error& failure) {
  return failure == task_error::closed || failure == task_error::cancelled ||
         failure == caf::sec::request_receiver_down;
}

} // namespace

hosted_actor::hosted_actor(
  caf::actor_config& config, loop::event_loop& loop, actors::actor_hub& hub, plan with)
  : loop_actor(config, loop)
  , hub_(hub)
  , plan_(std::move(with))
  , intensity_(plan_.restart) {
  if (plan_.options.name.empty())
    plan_.options.name = "actor-" + std::to_string(id());
}

hosted_actor::~hosted_actor() = default;

void hosted_actor::started() {
  self_ = ctrl();
  monitor(plan_.pool);
  start();
}

caf::behavior hosted_actor::handlers() {
  // Whoever waits for an answer gets that error, when this actor ends of it.
  set_exception_handler(
    [this](std::exception_ptr& problem) { return reason_ = compat::error_of(problem); });
  compat::take_everything_else(
    *this, [this](caf::message&& content) { pass_on_current(std::move(content)); });
  set_error_handler(
    [this](caf::error& error) { pass_on_current(caf::make_message(std::move(error))); });
  set_exit_handler([this](caf::exit_msg& exit) {
    exit.source = address(); // who links the actor is here
    pass_on_current(caf::make_message(std::move(exit)));
  });
  set_down_handler([this](caf::down_msg& down) {
    if (down.source == plan_.pool.address())
      end(down.reason ? down.reason : shutdown);
    else if (actor_ && down.source == actor_.address())
      ended(down.reason);
    else
      pass_on_current(caf::make_message(std::move(down)));
  });
  return {[this](const start_hosted&) { start(); }};
}

void hosted_actor::start() {
  task_options options;
  options.name = plan_.options.name;
  request(plan_.pool, caf::infinite, std::move(options), plan_.start)
    .then([this](const detail::hosted_id& id) { started(id); },
      [this](caf::error& failure) { end(is_shutdown(failure) ? shutdown : std::move(failure)); });
}

void hosted_actor::started(const detail::hosted_id& id) {
  caf::node_id node;
  const auto problem = hub_.codec().decode(id.node, node);
  // A child names actors of its own; of this process it has none to name.
  const auto found = problem || node == system().node() ? nullptr : hub_.find(node, id.actor);
  if (!found) { // its child has died since
    ended(compat::error_of(
      task_error::lost, std::make_exception_ptr(
                          error("the child of actor " + plan_.options.name + " died at once"))));
    return;
  }
  actor_ = caf::actor_cast<caf::actor>(found);
  node_ = node;
  count_in_child(1);
  monitor(actor_);
  for (auto& message : std::exchange(waiting_, {}))
    pass_on(std::move(message));
}

void hosted_actor::count_in_child(int by) {
  if (const auto bridge = hub_.bridge_to(node_))
    caf::anon_send(bridge, actors::hosted_changed{by});
}

void hosted_actor::pass_on_current(caf::message content) {
  pass_on(compat::take_current(*this, std::move(content))); // the actor answers
}

void hosted_actor::pass_on(compat::letter&& message) {
  if (!actor_) {
    waiting_.push_back(std::move(message));
    return;
  }
  compat::deliver(std::move(message), *caf::actor_cast<caf::abstract_actor*>(actor_), &loop());
}

// -- its end --------------------------------------------------------------------------------------------

void hosted_actor::ended(const caf::error& reason) {
  if (std::exchange(actor_, nullptr))
    count_in_child(-1);
  const bool failed = reason && reason != caf::exit_reason::user_shutdown;
  if (!policy::needs_successor(plan_.options.restart, failed)) {
    end(reason);
    return;
  }
  const auto delay = intensity_.died(std::chrono::steady_clock::now());
  if (!delay) {
    end(compat::error_of(std::make_exception_ptr(
      pool_failed("actor " + plan_.options.name + " ended more than " +
                  std::to_string(plan_.restart.intensity) + " times within " +
                  std::to_string(plan_.restart.period.count()) +
                  " ms, at last: " + compat::render(system(), reason)))));
    return;
  }
  log()->log(reason && reason != shutdown ? spdlog::level::warn : spdlog::level::info,
    "actor {} in a child has ended ({}) and is started again", base::escape(plan_.options.name),
    base::escape(compat::render(system(), reason)));
  if (*delay > std::chrono::milliseconds::zero())
    delayed_anon_send(caf::actor_cast<caf::actor>(self_), *delay, start_hosted{});
  else
    start();
}

void hosted_actor::end(caf::error reason) {
  reason_ = reason;
  quit(std::move(reason));
}

void hosted_actor::on_exit() {
  for (const auto& message : std::exchange(waiting_, {}))
    if (message.from && message.id.is_request())
      compat::fail_request(message.from, message.id,
        reason_ ? reason_ : caf::make_error(caf::sec::request_receiver_down), ctrl(), &loop());
  if (const auto actor =
        std::exchange(actor_, nullptr)) { // it is ended, and not because of that one
    count_in_child(-1);
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }
  plan_.pool = nullptr;
  self_ = nullptr;
}

} // namespace troupe::parent
