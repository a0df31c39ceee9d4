#pragma once

#include <troupe/child_limits.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe_cli {

/// A program that is to be run in a child of a pool, by run_command.hpp. Encodable.
///
/// It gets /dev/null as stdin, a session and so a process group of its own, no terminal, no descriptor but 0 to 2, and no
/// signal that is blocked or ignored. In its environment TROUPE_COMMAND names it, so that whatever it starts can be found.
struct command {
  /// The program, which is looked for in PATH if it has no slash, and its arguments.
  std::vector<std::string> argv{};

  /// "NAME=VALUE": added to the environment of the child, or instead of what is there by that name.
  std::vector<std::string> environment{};
  /// Names that its environment does not have.
  std::vector<std::string> environment_without{};

  /// Where it runs; empty: where the child does.
  std::string directory{};

  /// Files for what it writes; they are made, and emptied. Empty: /dev/null. The same file twice: one after the other
  /// in the order of writing. A relative name begins where the child runs.
  std::string stdout_file{};
  std::string stderr_file{};
  /// It writes to what the child has as stdout and stderr, and the files are of no account.
  bool inherit_output = false;

  /// Time that it may run; 0: any.
  std::chrono::milliseconds timeout{0};
  /// Time from SIGTERM to SIGKILL at its timeout and when it is cancelled.
  std::chrono::milliseconds grace{2'000};

  /// What it may use, beside the limits of the child. Without `core_dumps` it has those of the child.
  troupe::child_limits limits{};

  /// It is traced from before its first instruction, by the thread that started it, if that is allowed:
  /// `started_command::traced`. It does not stop for that. For callers of `start_command` alone.
  bool traced = false;
};

/// Where a command reads and writes, for callers that have opened it; -1: as the command says.
struct command_descriptors {
  int out = -1;
  int err = -1;
  int in = -1; ///< what it reads; -1: nothing
};

/// Why a command has ended.
enum class end_cause {
  itself,      ///< it left, or a signal from elsewhere ended it
  timeout,     ///< it took longer than `command::timeout`
  cancelled,   ///< whoever waited for it was cancelled
  not_started, ///< it never ran: `command_end::problem`
};

/// A process that a command had started and that outlived it. It was killed.
struct left_behind {
  pid_t pid = 0;
  std::string name{}; ///< what the process calls itself
};

/// What became of a command. Encodable.
struct command_end {
  end_cause cause = end_cause::itself;
  int exit_code = -1; ///< what it passed to `exit`, or -1 if a signal ended it
  int signal = 0;     ///< the signal that ended it, or 0
  /// Why it was not started, with the step and the system's error in words; and the error's number.
  std::string problem{};
  int problem_number = 0;

  pid_t pid = 0;
  std::chrono::nanoseconds wall_time{0};
  std::chrono::microseconds user_time{0};
  std::chrono::microseconds system_time{0};
  /// Its largest resident set. What it shares with the child that started it counts at first, so this is never less
  /// than what that child had.
  std::uint64_t peak_kilobytes = 0;
  std::vector<left_behind> left{};

  /// It ended by itself, with exit code 0.
  bool ok() const noexcept { return cause == end_cause::itself && exit_code == 0; }
};

/// "exit code 3", "signal 11 (SIGSEGV, Segmentation fault)", "timeout after 2 s", "cancelled", or the problem of its start.
std::string describe(const command_end& end);

/// "left behind: 4711 sleep, 4712 cat", printable; empty if there are none.
std::string describe_left(const command_end& end);

} // namespace troupe_cli
