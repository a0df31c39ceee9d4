#pragma once

#include "trace/trace_file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sys/types.h>

namespace troupe_cli {

/// What is said of a slice or an instant beside its name.
using trace_arguments =
  std::vector<std::pair<std::string, std::variant<std::int64_t, std::string>>>;

/// Something that a process did for a while.
struct trace_slice {
  pid_t pid = 0;
  std::string name{};
  std::string category{};
  std::int64_t began = 0; ///< microseconds of the steady clock, as all times here
  std::int64_t ran = 0;
  trace_arguments arguments{};
};

/// Writes a trace in Chrome's format, as https://ui.perfetto.dev and chrome://tracing read it. Slices of one process that
/// overlap come on lanes of their own, which are its threads in the trace. Texts may have any bytes. Thread-safe.
///
/// Once a second, as slices end, the file gets what there is, so little is missing in it if the process is killed.
///
/// Nothing is thrown for what cannot be written before `finish`; `is_broken` says so earlier.
class trace_writer {
public:
  /// Makes the file, or empties it. Throws `broken_problem`.
  explicit trace_writer(const std::string& path);

  /// How a process is called in the trace, and where it stands among the others. Written where it is new.
  void name_process(pid_t pid, const std::string& name, std::int64_t order);
  /// Of a process that was named; its name goes with it, so that another may have its number.
  void forget_process(pid_t pid);

  void slice(const trace_slice& what);
  void instant(
    pid_t pid, std::int64_t at, const std::string& name, const trace_arguments& arguments = {});
  /// A number that changes with time. At most one a millisecond is written of each, and none that is what it was.
  void count(pid_t pid, std::int64_t at, const std::string& name, std::int64_t value);

  /// The slices so far.
  std::size_t slices() const;
  bool is_broken() const;
  /// What has been written so far is in the file.
  void flush();
  /// Throws `broken_problem` if not all could be written.
  void finish();

private:
  struct process {
    std::string name;
    std::int64_t order = 0;
    std::vector<std::int64_t> lanes; // when the last slice of each ends
  };
  struct count_at {
    std::int64_t value = 0;
    std::int64_t at = 0;
  };
  struct counter {
    count_at written;
    count_at latest;
  };
  using counter_key = std::pair<pid_t, std::string>;

  void write(const counter_key& of, counter& what);
  std::size_t lane_for(pid_t pid, const trace_slice& what);

  mutable std::mutex mutex_;
  trace_file file_;
  std::map<pid_t, process> processes_;
  std::map<counter_key, counter> counters_;
  std::size_t slices_ = 0;
  std::int64_t flushed_at_ = 0; // by the times of slices
};

/// The present moment, as a trace has it.
std::int64_t trace_time();

} // namespace troupe_cli
