#include "policy/failure_log.hpp"

#include "base/limits.hpp"
#include "policy/task_tally.hpp"
#include "values/error_text.hpp"
#include "values/exception_codec.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <typeinfo>
#include <utility>

namespace troupe::policy {

namespace {

// A batch fails by the first item that threw.
std::exception_ptr cause_of(const detail::outcome& result, std::uint64_t& item) {
  if (result.what == detail::outcome::kind::failed)
    return result.error;
  if (result.what == detail::outcome::kind::threw)
    return detail::decode_exception(detail::view(result.payload));
  detail::record_reader records(detail::view(result.payload));
  for (; const auto record = records.next(); ++item)
    if (record->threw)
      return detail::decode_exception(record->content);
  return nullptr;
}

void describe(const std::exception_ptr& cause, task_failure& failure) {
  failure.message = values::message_of(cause);
  if (failure.message.size() > limits::max_kept_failure_bytes)
    failure.message = failure.message.substr(0, limits::max_kept_failure_bytes) + "...";
  try {
    std::rethrow_exception(cause);
  } catch (const proxy_exception& e) {
    failure.type = e.type();
    failure.stack = e.frames();
    failure.pid = e.pid();
    failure.slot = e.slot();
  } catch (const child_lost& e) {
    failure.type = "troupe::child_lost";
    failure.stack = e.exit().frames;
    failure.pid = e.pid();
    failure.slot = e.slot();
  } catch (const std::exception& e) {
    failure.type = boost::core::demangle(typeid(e).name());
  } catch (...) {
    failure.type = "unknown";
  }
  if (failure.type.size() > limits::max_kept_failure_bytes)
    failure.type.resize(limits::max_kept_failure_bytes);
  if (failure.stack.size() > limits::max_stack_frames)
    failure.stack.resize(limits::max_stack_frames);
}

} // namespace

bool failure_log::wants_more(time_point now) noexcept {
  if (now - window_ > limits::failure_window) {
    window_ = now;
    in_window_ = 0;
  }
  return in_window_ < limits::max_kept_failures;
}

void failure_log::add(
  const task_ledger::entry& entry, const detail::outcome& result, time_point now) noexcept {
  ++in_window_;
  try {
    std::uint64_t item = 0;
    const auto cause = cause_of(result, item);
    if (!cause)
      return;
    noted one{{}, now};
    one.failure.id = entry.item_id() + item;
    if (entry.task->options)
      one.failure.name = entry.task->options->name;
    if (one.failure.name.empty())
      one.failure.function = function_of(entry.task->code);
    one.failure.attempt = entry.attempt;
    describe(cause, one.failure);
    if (failures_.size() == limits::max_kept_failures)
      failures_.pop_front();
    failures_.push_back(std::move(one));
  } catch (...) {
    // It is one of those that are left out.
  }
}

std::vector<task_failure> failure_log::list(time_point now) const {
  std::vector<task_failure> result;
  for (auto one = failures_.rbegin(); one != failures_.rend(); ++one) {
    result.push_back(one->failure);
    result.back().age = std::max(now - one->when, time_point::duration::zero());
  }
  return result;
}

} // namespace troupe::policy
