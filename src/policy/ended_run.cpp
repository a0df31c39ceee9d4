#include "policy/ended_run.hpp"

#include "base/limits.hpp"
#include "policy/child_port.hpp"
#include "policy/failure_log.hpp"
#include "policy/task_tally.hpp"
#include "values/exception_codec.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <boost/core/demangle.hpp>

#include <string>
#include <typeinfo>

namespace troupe::policy {

namespace {

std::string cut(const std::string& type) {
  return type.substr(0, limits::max_kept_failure_bytes);
}

// The type alone is of interest: what was thrown need not be made.
void note_report(const detail::outcome& result, task_ended& to) {
  to.how = task_end::threw;
  try {
    if (const auto report =
          detail::decode_report_text(detail::view(result.payload), longest_failure_report))
      to.type = cut(report->type);
  } catch (const decode_error&) {
    // No child of this library says such a thing.
  }
}

void note_failure(const std::exception_ptr& failure, task_ended& to) {
  to.how = task_end::failed;
  try {
    std::rethrow_exception(failure);
  } catch (const child_lost& lost) {
    to.how = task_end::lost;
    to.signal = lost.signal();
  } catch (const task_timeout&) {
    to.how = task_end::timed_out;
  } catch (const task_expired&) {
    to.how = task_end::expired;
  } catch (const std::exception& thrown) {
    if (const auto* const proxy = dynamic_cast<const proxy_exception*>(&thrown)) {
      to.how = task_end::threw;
      to.type = cut(proxy->type());
    } else {
      to.type = cut(boost::core::demangle(typeid(thrown).name()));
    }
  } catch (...) {
    to.type = "unknown";
  }
}

} // namespace

task_ended described(const ended_run& run) {
  const auto& entry = run.entry;
  task_ended told;
  told.id = entry.id;
  if (entry.task->options)
    told.name = entry.task->options->name;
  if (told.name.empty())
    told.function = function_of(entry.task->code);
  told.items = run.items;
  told.failed = run.failed;
  told.attempt = entry.attempt;
  told.again = run.again;
  told.queued = run.queued;
  told.began = run.now;
  if (run.when) {
    told.started = true;
    told.slot = run.slot;
    told.began = run.when->began;
    told.ran = run.when->ran;
  }
  if (run.cancelled)
    told.how = task_end::cancelled;
  else if (run.result == nullptr)
    note_failure(run.failure, told);
  else if (run.result->what == detail::outcome::kind::threw)
    note_report(*run.result, told);
  else if (run.result->what == detail::outcome::kind::failed)
    note_failure(run.result->error, told);
  return told;
}

task_slow described(const slow_run& run) {
  task_slow told;
  told.id = run.entry.item_id();
  if (run.entry.task->options)
    told.name = run.entry.task->options->name;
  if (told.name.empty())
    told.function = function_of(run.entry.task->code);
  told.attempt = run.entry.attempt;
  told.slot = run.slot;
  told.ran = run.ran;
  return told;
}

} // namespace troupe::policy

namespace troupe {

const char* to_string(task_end how) noexcept {
  switch (how) {
  case task_end::value:
    return "value";
  case task_end::threw:
    return "threw";
  case task_end::lost:
    return "lost";
  case task_end::timed_out:
    return "timed_out";
  case task_end::expired:
    return "expired";
  case task_end::cancelled:
    return "cancelled";
  case task_end::failed:
    return "failed";
  }
  return "?";
}

} // namespace troupe
