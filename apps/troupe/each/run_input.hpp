#pragma once

#include "each/command_template.hpp"

#include "command/command.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace troupe_cli {

/// Where what a command writes is kept until it is shown.
enum class output_manner {
  grouped, ///< in files of the spool, as long as it runs
  files,   ///< in two files of its own, which stay
  none,    ///< nowhere: it writes where troupe does
};

/// What a child must know to run inputs. Encodable.
struct child_settings {
  command_template form{};
  command common{}; ///< all of a command but what the input makes of it
  output_manner manner = output_manner::grouped;
  std::string spool{};
  std::string output_dir{};
  std::size_t slots = 1; ///< commands that it runs at once; further inputs wait for a little
};

/// One attempt at an input.
struct input_job {
  input what{};
  std::size_t attempt = 1;
};

/// What a command has written: the bytes, or the file in which they lie if they are many.
struct written {
  std::string text{};
  std::string file{};
  std::uint64_t size = 0;
};

/// What became of an attempt.
struct input_end {
  command_end end{};
  written out{};
  written err{};
  bool begun = true; ///< false: its child had no slot for it in time, and it can be run elsewhere
  // Where and when it ran, for a trace:
  pid_t child = 0;
  std::size_t child_slot = 0;
  std::int64_t began = 0; ///< microseconds of the steady clock
  /// The disk on which its output lies has no room left, so it may be incomplete.
  bool disk_full = false;
};

/// What a task throws whose command has failed, so that it counts as failed wherever tasks are counted.
class input_failed : public std::runtime_error {
public:
  explicit input_failed(input_end how)
    : std::runtime_error(describe(how.end))
    , end_(std::move(how)) {}

  const input_end& end() const noexcept { return end_; }

private:
  input_end end_;
};

/// What is small enough to travel with the end of its command.
inline constexpr std::size_t most_carried_bytes = 32 * 1024;

} // namespace troupe_cli
