#include "policy/failure_log.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "policy/task_tally.hpp"
#include "values/error_text.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe::policy {

namespace {

// A batch fails by the first item that threw. Null if it is not looked at.
std::exception_ptr cause_of(const detail::outcome& result, std::uint64_t& item) {
  auto failed = detail::item_outcome::of(result);
  if (failed.what == detail::outcome::kind::value) {
    detail::record_reader records(failed.payload);
    auto record = records.next();
    for (; record && !record->threw; record = records.next())
      ++item;
    if (!record)
      return nullptr;
    failed.what = detail::outcome::kind::threw;
    failed.payload = record->content;
  }
  return failed.payload.size() > longest_failure_report ? nullptr : failed.failure();
}

// Cut before it is escaped, so that a long text costs no more than a short one.
std::string shown(std::string_view text) {
  constexpr auto most = limits::max_kept_failure_bytes;
  const auto escaped = base::escape(text.substr(0, most));
  return text.size() > most || escaped.size() > most ? escaped.substr(0, most) + "..." : escaped;
}

void describe(const std::exception_ptr& cause, task_failure& failure) {
  const auto note = [&](std::string_view type, const std::vector<code_location>& frames, pid_t pid,
                      std::size_t slot) {
    failure.type = type.substr(0, limits::max_kept_failure_bytes);
    const auto count = std::min(frames.size(), limits::max_stack_frames);
    failure.stack.assign(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count));
    failure.pid = pid;
    failure.slot = slot;
  };
  try {
    std::rethrow_exception(cause);
  } catch (const std::exception& e) {
    failure.message = shown(e.what());
    if (const auto* proxy = dynamic_cast<const proxy_exception*>(&e))
      note(proxy->type(), proxy->frames(), proxy->pid(), proxy->slot());
    else if (const auto* lost = dynamic_cast<const child_lost*>(&e))
      note("troupe::child_lost", lost->exit().frames, lost->pid(), lost->slot());
    else
      note(boost::core::demangle(typeid(e).name()), {}, 0, 0);
  } catch (...) {
    failure.message = values::message_of(cause);
    failure.type = "unknown";
  }
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
