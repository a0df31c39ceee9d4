#include "parent/serve/child_requests.hpp"

#include "base/limits.hpp"
#include "link/request.hpp"
#include "link/segment_list.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/serve/queue_actor.hpp"
#include "values/failure_codec.hpp"
#include "values/task_options_codec.hpp"

#include <troupe/errors.hpp>

#include <chrono>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace troupe::parent {

using detail::outcome;
using detail::queue_status;
using link::protocol_violation;

namespace {

template <class Head>
Head read_head(const detail::bytes& payload) {
  Head head;
  if (payload.size() < sizeof head)
    throw protocol_violation("a request is too short");
  std::memcpy(&head, payload.data(), sizeof head);
  return head;
}

detail::call_code checked_code(const link::call_head& head) {
  const auto code = head.code();
  if (code.kind > detail::call_kind::blocking)
    throw protocol_violation("a submitted task is of no known kind");
  // What a child names is not called here, but sent to children: it must at least be in the program.
  if (detail::function_at(code.thunk) == nullptr ||
      (code.target != code_location{} && detail::function_at(code.target) == nullptr))
    throw protocol_violation("the function of a submitted task is in no module of the program");
  return code;
}

std::shared_ptr<const task_options> options_of(std::span<const std::byte> encoded) {
  if (encoded.empty())
    return nullptr;
  try {
    decoder in(encoded);
    return detail::checked_options(values::decode_options(in));
  } catch (const std::exception& e) {
    throw protocol_violation(std::string("the options of a submitted task: ") + e.what());
  }
}

queue_actor* as_queue(const caf::actor& handle) {
  return static_cast<queue_actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
}

outcome queue_outcome(queue_status status) {
  outcome result;
  result.what = outcome::kind::value;
  result.payload.append(&status, sizeof status);
  return result;
}

} // namespace

/// Answers a request when its task or operation is resolved, if anybody still waits.
class child_requests::answering final : public detail::promise_watcher {
public:
  answering(std::weak_ptr<child_requests> to, std::uint64_t id)
    : to_(std::move(to))
    , id_(id) {}
  void resolved(detail::promise&) noexcept override {
    const auto alive = to_.lock();
    if (alive == nullptr)
      return;
    try {
      alive->answer(id_);
    } catch (const std::exception& problem) { // no memory: the child would wait for ever
      alive->give_up(problem.what());
    }
  }

private:
  std::weak_ptr<child_requests> to_;
  std::uint64_t id_;
};

child_requests::child_requests(
  exports& known, owner& pool, peer& child, std::uint64_t max_unread_bytes)
  : exports_(known)
  , owner_(pool)
  , child_(&child)
  , max_unread_bytes_(max_unread_bytes) {}

void child_requests::take(const link::frame_header& header, std::span<const std::byte> payload) {
  if (header.task <= last_id_)
    throw protocol_violation("the numbers of requests do not rise");
  last_id_ = header.task;
  if (pending_.size() + unread_->count() >= limits::max_child_requests)
    throw protocol_violation("too many requests at once");
  if (payload.size() > limits::max_child_request_bytes - pending_bytes_)
    throw protocol_violation("too many bytes in requests");
  auto copy = child_->own_copy(payload);
  switch (static_cast<link::service>(header.extra)) {
  case link::service::submit:
    submit(header.task, header.cell, std::move(copy));
    return;
  case link::service::push:
  case link::service::pop:
  case link::service::close:
    use_queue(header.task, static_cast<link::service>(header.extra), std::move(copy));
    return;
  case link::service::make_segment:
    make_segment(header.task, copy);
    return;
  }
  throw protocol_violation("a request for an unknown service");
}

void child_requests::submit(std::uint64_t id, std::uint32_t cell, detail::bytes&& payload) {
  const auto head = read_head<link::submit_head>(payload);
  const auto rest = detail::view(payload).subspan(sizeof head);
  if (head.option_bytes > rest.size())
    throw protocol_violation("the options of a submitted task are longer than the request");
  const auto pool = exports_.find_pool(head.pool);
  if (pool == nullptr && !exports_.was_issued(head.pool))
    throw protocol_violation("a task is submitted to a pool that never was");
  detail::bytes arguments;
  arguments.assign(rest.subspan(head.option_bytes));
  arguments.attach_all(payload);
  const detail::task_ptr task(
    new detail::task_state(checked_code(head.code), std::move(arguments)));
  task->options = options_of(rest.first(head.option_bytes));
  task->nesting = child_->nesting_of(cell) + 1;
  await(id, {task, task, payload.size(), head.pool, false});
  const auto fail = [&task](
                      std::exception_ptr why) { task->resolve(outcome::failure(std::move(why))); };
  try {
    if (task->nesting > limits::max_nesting)
      throw error("tasks that submit tasks are nested more than " +
                  std::to_string(limits::max_nesting) + " deep: end the recursion earlier");
    if (pool == nullptr)
      throw pool_closed("pool is closed");
    if (owner_.is_own(*pool)) {
      owner_.submit_nested(task);
    } else {
      pool->check_open();
      pool->submit(task);
    }
  } catch (...) {
    fail(std::current_exception());
  }
}

void child_requests::make_segment(std::uint64_t id, const detail::bytes& payload) {
  const auto head = read_head<link::make_segment_head>(payload);
  if (payload.size() != sizeof head || head.size == 0 ||
      head.size > limits::max_child_buffer_bytes ||
      (head.use != link::segment_use::result && head.use != link::segment_use::buffer))
    throw protocol_violation("a request for a segment that cannot be");
  const auto size = static_cast<std::size_t>(head.size);
  const detail::promise_ptr made(new detail::promise);
  await(id, {made, nullptr, 0, 0, false});
  outcome result;
  try {
    result.what = outcome::kind::value;
    if (head.use == link::segment_use::buffer) {
      result.payload = child_->make_buffer(size);
    } else {
      const auto number = child_->make_for_result(size);
      result.payload.append(&number, sizeof number);
    }
  } catch (...) {
    result = outcome::failure(std::current_exception());
  }
  made->resolve(std::move(result));
}

void child_requests::use_queue(std::uint64_t id, link::service what, detail::bytes&& payload) {
  const auto head = read_head<link::queue_head>(payload);
  const auto actor = exports_.find_queue_actor(head.queue);
  if ((!actor && !exports_.was_issued(head.queue)) || head.patience < 0)
    throw protocol_violation("a request for a queue that never was");
  if (what != link::service::push && payload.size() != sizeof head)
    throw protocol_violation("a request is too long");
  const bool pops = what == link::service::pop;
  if (pops && !may_pop_)
    return;
  detail::bytes item;
  item.assign(detail::view(payload).subspan(sizeof head));
  item.attach_all(payload);
  const detail::promise_ptr operation(new detail::promise);
  await(id, {operation, nullptr, payload.size(), head.queue, pops});
  if (!actor) { // it was closed and drained
    operation->resolve(queue_outcome(queue_status::closed));
    return;
  }
  const std::chrono::nanoseconds patience(head.patience);
  if (pops) {
    as_queue(actor)->pop(operation, patience);
  } else if (what == link::service::push) {
    as_queue(actor)->push(operation, std::move(item), patience);
  } else {
    as_queue(actor)->close();
    operation->resolve(queue_outcome(queue_status::done));
  }
}

void child_requests::await(std::uint64_t id, request what) {
  pending_bytes_ += what.bytes;
  const auto awaited = what.answer;
  pending_.emplace(id, std::move(what));
  awaited->watch(std::make_shared<answering>(weak_from_this(), id));
}

void child_requests::answer(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end())
    return;
  const auto answer = std::move(found->second.answer);
  pending_bytes_ -= found->second.bytes;
  pending_.erase(found);
  if (child_ == nullptr)
    return;
  if (unread_->bytes() >= max_unread_bytes_) {
    child_->end("protocol violation: it does not read what it asked for: " + unread_->describe() +
                " wait for it");
    return;
  }
  const auto& result = answer->result();
  detail::bytes failure;
  auto status = link::reply_status::value;
  auto payload = detail::view(result.payload);
  if (result.what == outcome::kind::threw) {
    status = link::reply_status::threw;
  } else if (result.what == outcome::kind::failed) {
    status = link::reply_status::failed;
    failure = detail::encode_failure(result.error);
    payload = detail::view(failure);
  }
  const auto kept = std::make_shared<unread_answers::one>(unread_, payload.size());
  kept->answer = answer;
  if (!failure.empty()) {
    kept->payload = std::move(failure);
    payload = detail::view(kept->payload);
  }
  child_->reply(id, static_cast<std::uint64_t>(status), payload, kept, &result.payload);
}

void child_requests::give_up(const char* problem) noexcept {
  try {
    if (child_ != nullptr)
      child_->end(std::string("a request of it could not be answered: ") + problem);
  } catch (...) {
    // There is no memory for that either; the next frame of the child ends it.
  }
}

void child_requests::cancel(const request& what, bool started_too) {
  if (const auto actor = exports_.find_queue_actor(what.target)) {
    as_queue(actor)->withdraw(what.answer);
  } else if (const auto pool = exports_.find_pool(what.target)) {
    if (owner_.is_own(*pool))
      owner_.cancel_nested(what.task, started_too);
    else
      pool->cancel(what.task, started_too);
  }
}

void child_requests::withdraw(std::uint64_t id, bool started_too) {
  if (id > last_id_)
    throw protocol_violation("a request is withdrawn that has not been made");
  if (const auto found = pending_.find(id); found != pending_.end()) {
    const auto what = found->second; // it may be answered at once
    cancel(what, started_too);
  }
}

void child_requests::stop_popping() {
  may_pop_ = false;
  std::vector<request> popping;
  for (const auto& [id, what] : pending_)
    if (what.pops)
      popping.push_back(what);
  for (const auto& what : popping)
    cancel(what, false);
}

void child_requests::drop() {
  child_ = nullptr;
  for (const auto& [id, what] : std::exchange(pending_, {}))
    if (const auto actor = exports_.find_queue_actor(what.target))
      as_queue(actor)->withdraw(what.answer);
}

} // namespace troupe::parent
