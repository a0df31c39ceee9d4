#pragma once

#include "trace/trace_writer.hpp"

#include <troupe/pool_events.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe {
struct pool_options;
} // namespace troupe

namespace troupe_cli {

/// What happens in pools, in a trace: each run of a task is a slice of its child's process, births and deaths are
/// instants, and the number of tasks that wait is a counter of the process that has the pools. Thread-safe.
class pool_trace {
public:
  /// Makes the file. `program` has the pools. Throws `broken_problem`.
  pool_trace(const std::string& file, pid_t pid, const std::string& program);

  // `pool` is how the pool is called. Times are microseconds of the steady clock.

  void task_ended(
    const std::string& pool, const troupe::task_ended& what, const std::string& title);
  void child_started(const std::string& pool, const troupe::child_started& what, std::int64_t at);
  void child_ended(const std::string& pool, const troupe::child_ended& what, std::int64_t at);
  /// So many events are not in the trace.
  void missed(std::uint64_t events, std::int64_t at);

  /// A slice in the process of a child.
  void slice(const std::string& pool, std::size_t slot, const trace_slice& what);
  /// Something that happened in no child.
  void parent_instant(const std::string& name, std::int64_t at, const trace_arguments& arguments);

  pid_t parent() const noexcept { return parent_; }
  trace_writer& writer() noexcept { return writer_; }

private:
  void name_child(pid_t pid, const std::string& pool, std::size_t slot);

  trace_writer writer_;
  const pid_t parent_;
};

/// Has a pool of this process write what happens in it. Tasks without a name are called `title`.
void record(
  troupe::pool_options& pool, const std::shared_ptr<pool_trace>& trace, const std::string& title);
/// The same of its children alone.
void record_children(troupe::pool_options& pool, const std::shared_ptr<pool_trace>& trace);

} // namespace troupe_cli
