#include "each/trace_attempt.hpp"

#include <algorithm>

namespace troupe_cli {

namespace {

std::int64_t number(auto value) {
  return static_cast<std::int64_t>(value);
}

std::int64_t in_microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

trace_arguments arguments_of(const traced_attempt& what) {
  const auto& command = what.end.end;
  trace_arguments result{{"input", what.job.what.text}, {"number", number(what.job.what.number)},
    {"command", what.line}};
  if (what.job.attempt > 1)
    result.emplace_back("attempt", number(what.job.attempt));
  result.emplace_back("end", what.how);
  if (!what.problem.empty())
    result.emplace_back("problem", what.problem);
  if (command.pid != 0) {
    result.emplace_back("pid", number(command.pid));
    result.emplace_back("peak_kilobytes", number(command.peak_kilobytes));
  }
  if (what.again)
    result.emplace_back("again", "yes");
  return result;
}

} // namespace

void trace_attempt(pool_trace& to, const traced_attempt& what) {
  trace_slice slice;
  slice.name = what.job.what.text.empty() ? "input " + std::to_string(what.job.what.number)
                                          : what.job.what.text;
  slice.category = what.how;
  slice.arguments = arguments_of(what);
  if (what.end.began != 0) {
    slice.began = what.end.began;
    slice.ran = in_microseconds(what.end.end.wall_time);
  } else { // its child cannot say when
    slice.began = in_microseconds(what.submitted.time_since_epoch());
    slice.ran = std::max<std::int64_t>(trace_time() - slice.began, 0);
  }
  slice.pid = what.end.child != 0 ? what.end.child : to.parent();
  if (what.end.child != 0)
    to.slice("each", what.end.child_slot, slice);
  else
    to.writer().slice(slice);
}

} // namespace troupe_cli
