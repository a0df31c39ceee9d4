#pragma once

#include <troupe/detail/std_parts.hpp>
#include <troupe/task_options.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// Where the items of a job come from.
struct job_input {
  enum class kind {
    once,   ///< no input: one item, `value`
    lines,  ///< the lines of `file`, as text
    json,   ///< the lines of `file`, as JSON
    csv,    ///< the rows of `file`: a `column` as text, or all of them as an object
    glob,   ///< the files of `pattern`, sorted
    range,  ///< the integers from `first` to `last`
    values, ///< those of the file itself, as JSON
    job,    ///< the results of another job
  };

  kind what = kind::once;
  std::filesystem::path file{}; ///< "-": standard input
  std::string pattern{};
  std::string column{};
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t step = 1;
  std::vector<std::string> values{};
  std::string job{};
  bool each = false; ///< a result that is an array gives an item for each of its elements
  std::string as{};  ///< a text with {} in it, in which each item is put; empty: none
};

/// Where the results of a job go.
struct job_output {
  enum class format { text, json, csv };

  std::filesystem::path file{}; ///< "-": standard output; empty: nowhere
  format how = format::text;
  std::vector<std::string> columns{}; ///< of CSV; empty: the fields of the first result
};

/// A `[job.NAME]` table.
struct job {
  std::string name;
  std::string task{};                 ///< as the file names it; empty: `command`
  std::vector<std::string> command{}; ///< a program and its arguments
  std::string pool{};                 ///< empty: one with default options
  job_input input{};
  job_output output{};
  std::vector<std::string> after{};
  bool stop_on_failure = false; ///< of one item: nothing more is begun
  troupe::task_options options{};
  std::size_t in_flight = 4096; ///< items that are read and not done
};

} // namespace troupe_cli
