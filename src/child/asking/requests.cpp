#include "child/asking/requests.hpp"

#include "base/limits.hpp"
#include "child/runtime/copies.hpp"
#include "loop/event_loop.hpp"
#include "values/failure_codec.hpp"

#include <troupe/errors.hpp>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace troupe::child {

using detail::outcome;

void requests::ask(link::service what, std::uint32_t cell, detail::bytes&& payload,
  const detail::promise_ptr& answer) {
  if (is_copy()) {
    answer->resolve(outcome::failure(std::make_exception_ptr(
      error("this process is a copy of a child, made by fork: only the child itself can ask its "
            "parent"))));
    return;
  }
  if (loop::event_loop::current() != nullptr) {
    send(what, cell, std::move(payload), answer);
    return;
  }
  // std::function wants to be copied.
  auto kept = std::make_shared<detail::bytes>(std::move(payload));
  post([this, what, cell, kept, answer] { send(what, cell, std::move(*kept), answer); });
}

void requests::withdraw(const detail::promise_ptr& answer, bool started_too) {
  if (is_copy())
    return; // it has asked nothing
  post([this, answer, started_too] {
    if (!pending_.contains(answer->id))
      return;
    link::frame_header header;
    header.kind = link::frame_kind::withdraw;
    header.task = answer->id;
    header.extra = started_too ? 1 : 0;
    link_.send(header, {});
  });
}

void requests::tell(link::frame_kind what, detail::bytes&& payload) {
  if (is_copy())
    return; // nobody would hear it
  link::frame_header header;
  header.kind = what;
  if (loop::event_loop::current() != nullptr) {
    link_.send(header, std::move(payload));
    return;
  }
  auto kept = std::make_shared<detail::bytes>(std::move(payload));
  post([this, header, kept] { link_.send(header, std::move(*kept)); });
}

void requests::post(std::function<void()> function) {
  posts_.fetch_add(1, std::memory_order_relaxed);
  post_outcome(std::move(function));
}

void requests::post_outcome(std::function<void()> function) {
  if (loop::event_loop::current() != nullptr && !has_posted_.load(std::memory_order_acquire)) {
    function();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(function));
    has_posted_.store(true, std::memory_order_release);
  }
  link_.wake();
}

bool requests::take_posted() {
  std::vector<std::function<void()>> now;
  {
    const std::lock_guard lock(mutex_);
    now.swap(posted_);
    has_posted_.store(false, std::memory_order_release);
  }
  for (const auto& function : now)
    function();
  return true;
}

void requests::send(link::service what, std::uint32_t cell, detail::bytes&& payload,
  const detail::promise_ptr& answer) {
  if (pending_.size() >= limits::max_child_requests ||
      payload.size() > limits::max_child_request_bytes - pending_bytes_) {
    answer->resolve(outcome::failure(std::make_exception_ptr(
      error("this child has " + std::to_string(pending_.size()) + " requests of " +
            std::to_string(pending_bytes_) +
            " bytes under way, as many as it may: wait for results before submitting more"))));
    return;
  }
  link::frame_header header;
  header.kind = link::frame_kind::request;
  header.task = answer->id = ++last_id_;
  header.cell = cell;
  header.extra = static_cast<std::uint64_t>(what);
  pending_.emplace(
    header.task, request{answer, payload.size(), what == link::service::make_segment});
  pending_bytes_ += payload.size();
  link_.send(header, std::move(payload));
}

bool requests::on_reply(const link::frame_header& header, std::span<const std::byte> payload,
  link::received_blocks* blocks) {
  const auto found = pending_.find(header.task);
  if (found == pending_.end())
    return false;
  const auto answered = std::move(found->second);
  pending_.erase(found);
  pending_bytes_ -= answered.bytes;
  if (answered.for_segment)
    link_.segments().read_notices();
  answered.answer->resolve(result_of(header, payload, blocks));
  return true;
}

outcome requests::result_of(const link::frame_header& header, std::span<const std::byte> payload,
  link::received_blocks* blocks) noexcept try {
  if ((header.flags & link::payload_lost) != 0)
    throw std::bad_alloc();
  outcome result;
  switch (static_cast<link::reply_status>(header.extra)) {
  case link::reply_status::value:
    result.what = outcome::kind::value;
    if (blocks != nullptr)
      result.payload = blocks->join(payload, false);
    else
      result.payload.assign(payload);
    break;
  case link::reply_status::threw:
    result.what = outcome::kind::threw;
    result.payload.assign(payload);
    break;
  case link::reply_status::failed:
    result.error = detail::decode_failure(payload);
    break;
  }
  return result;
} catch (const std::exception&) { // std::bad_alloc, most likely
  return outcome::failure(std::current_exception());
}

} // namespace troupe::child
