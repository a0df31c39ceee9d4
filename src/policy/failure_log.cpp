#include "policy/failure_log.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "policy/task_tally.hpp"
#include "values/error_text.hpp"
#include "values/exception_codec.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe::policy {

namespace {

// What failed first, of a batch: the first item that threw. Nothing if it is not looked at.
std::optional<detail::item_outcome> cause_of(const detail::outcome& result, std::uint64_t& item) {
  auto failed = detail::item_outcome::of(result);
  if (failed.what != detail::outcome::kind::value)
    return failed;
  detail::record_reader records(failed.payload);
  auto record = records.next();
  for (; record && !record->threw; record = records.next())
    ++item;
  if (!record)
    return std::nullopt;
  failed.what = detail::outcome::kind::threw;
  failed.payload = record->content;
  return failed;
}

// Cut before it is escaped, so that a long text costs no more than a short one.
std::string shown(std::string_view text) {
  constexpr auto most = limits::max_kept_failure_bytes;
  const auto escaped = base::escape(text.substr(0, most));
  return text.size() > most || escaped.size() > most ? escaped.substr(0, most) + "..." : escaped;
}

void note(std::string_view type, const std::vector<code_location>& frames, pid_t pid,
  std::size_t slot, task_failure& failure) {
  failure.type = type.substr(0, limits::max_kept_failure_bytes);
  const auto count = std::min(frames.size(), limits::max_stack_frames);
  failure.stack.assign(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count));
  failure.pid = pid;
  failure.slot = slot;
}

void describe(const std::exception_ptr& cause, task_failure& failure) {
  try {
    std::rethrow_exception(cause);
  } catch (const std::exception& e) {
    failure.message = shown(e.what());
    if (const auto* proxy = dynamic_cast<const proxy_exception*>(&e))
      note(proxy->type(), proxy->frames(), proxy->pid(), proxy->slot(), failure);
    else if (const auto* lost = dynamic_cast<const child_lost*>(&e))
      note("troupe::child_lost", lost->exit().frames, lost->pid(), lost->slot(), failure);
    else
      note(boost::core::demangle(typeid(e).name()), {}, 0, 0, failure);
  } catch (...) {
    failure.message = values::message_of(cause);
    failure.type = "unknown";
  }
}

// The exception need not be made for it. False if it is not looked at.
bool describe_report(std::span<const std::byte> report, task_failure& failure) {
  try {
    const auto read = detail::decode_report_text(report, longest_failure_report);
    if (!read)
      return false;
    failure.message = shown(read->what);
    note(read->type, read->frames, read->pid, read->slot, failure);
  } catch (const decode_error&) { // no child of this library says such a thing
    describe(std::current_exception(), failure);
  }
  return true;
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
    if (cause->what != detail::outcome::kind::threw)
      describe(cause->failure(), one.failure);
    else if (!describe_report(cause->payload, one.failure))
      return;
    one.failure.id = entry.item_id() + item;
    if (entry.task->options)
      one.failure.name = entry.task->options->name;
    if (one.failure.name.empty())
      one.failure.function = function_of(entry.task->code);
    one.failure.attempt = entry.attempt;
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
