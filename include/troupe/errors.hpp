#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/scheduler.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

namespace troupe {

/// Base of what troupe itself reports. What a *task* threw is a `proxy_exception` instead, which is
/// not derived from this.
class error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A place in the code: valid in every process that runs the same image.
struct code_location {
  std::uint32_t module = 0; ///< Identifies a loaded module; 0 is the program itself.
  std::uint64_t offset = 0; ///< Bytes from the module's load address.

  /// The `module` of an entry of a stack that is no place, but says that the frames before it repeat: the lower
  /// `repeat_bits` of its `offset` say how often, those above of how many frames. `traceback` functions show it in words.
  static constexpr std::uint32_t repeats = 0xfffffffe;
  static constexpr unsigned repeat_bits = 48;

  friend bool operator==(const code_location&, const code_location&) = default;
};

/// The pool takes no more tasks: `close` or `terminate` has been called.
class pool_closed : public error {
public:
  using error::error;
};

/// The pool has given up, because its children could not be kept alive. The message has the reason.
class pool_failed : public error {
public:
  using error::error;
};

/// A child could not be started. If its initializer threw, that error is nested
/// (`std::rethrow_if_nested`).
class start_failed : public pool_failed {
public:
  using pool_failed::pool_failed;
};

namespace detail {

class late_stack;

} // namespace detail

/// The task has an outcome that is not its own: it was told to stop, if it ran. Where it was at that moment is asked of
/// its child, and comes a little later. It is asked by a signal, SIGURG, to the thread that executes the task, which
/// interrupts what waits there (EINTR); a program that handles SIGURG itself gets it then, and the stack is empty.
class task_stopped : public error {
public:
  explicit task_stopped(
    const std::string& message, std::shared_ptr<const detail::late_stack> where = nullptr);

  /// The stack of the thread that executed the task, innermost first. Empty if no thread did (it was not started, or is
  /// a coroutine that waited), if the child did not say within a second, and after `terminate`. Waits until the child
  /// has said it, which takes about a millisecond; on the event loop's thread it does not wait, and may be empty
  /// although the stack comes later. Thread-safe.
  std::vector<code_location> stack() const;
  /// `stack` with function names and lines, one frame a line. Resolves symbols, which takes milliseconds. Thread-safe.
  std::string traceback() const;

private:
  std::shared_ptr<const detail::late_stack> where_; // null: it is empty
};

/// The task was dropped before it had an outcome: by `terminate` or the destructor of its pool, or by
/// `task_future::cancel`.
class task_cancelled : public task_stopped {
public:
  using task_stopped::task_stopped;
};

/// The task ran longer than its `task_options::timeout`.
class task_timeout : public task_stopped {
public:
  using task_stopped::task_stopped;
};

/// The task was not started within its `task_options::expires`.
class task_expired : public error {
public:
  using error::error;
};

/// As many tasks as `pool_options::max_queue` allows are waiting, and the caller may not wait for room:
/// `pool_options::overflow` is `reject`, or it is the event loop's thread.
class queue_full : public error {
public:
  using error::error;
};

/// A process has not ended within the time that `process::join_for` was given. It goes on.
class process_timeout : public error {
public:
  using error::error;
};

/// A value was pushed to a `queue` that is closed.
class queue_closed : public error {
public:
  using error::error;
};

/// An argument or a result cannot be encoded. For an argument, thrown by the call that submits.
class encode_error : public error {
public:
  using error::error;
};

/// Bytes are not the encoding of the expected type.
class decode_error : public error {
public:
  using error::error;
};

/// A configuration file is wrong. The message is "file:line:column: key: problem".
class config_error : public error {
public:
  using error::error;
};

/// `runtime` or `pool` is used inside a child, where only tasks run.
class not_in_main : public error {
public:
  using error::error;
};

/// "signal 11 (SIGSEGV, Segmentation fault)".
std::string describe_signal(int number);

/// How a child ended.
struct child_exit {
  pid_t pid = 0;
  std::size_t slot = 0;     ///< Position in the pool, 0 to `processes` - 1.
  int exit_code = -1;       ///< What it passed to `exit`, or -1 if a signal ended it.
  int signal = 0;           ///< The signal that ended it, or 0.
  bool status_known = true; ///< False if other code in this process reaped it (`waitpid(-1)`).
  std::uint64_t cpu_microseconds = 0; ///< User and system time that it used.
  std::uint64_t peak_kilobytes = 0;   ///< Largest resident set.
  std::string reason;                 ///< Why the pool ended it, or empty if the pool did not.
  std::vector<code_location>
    frames; ///< The stack at the fatal signal, innermost first; may be empty. For `child_lost::traceback`.
  /// The last lines of its stderr, printable, if the pool captures output (`output::capture`).
  std::string stderr_tail;

  // What its handler of fatal signals has left of the crash, as it says.

  std::optional<std::uint64_t> address; ///< What could not be read, written or executed there.
  bool stack_overflow = false;          ///< It had no stack left.
  pid_t thread = 0;        ///< Which thread crashed, or 0: its handler has left nothing.
  std::string thread_name; ///< Printable.
  /// What was said of the end: by `std::terminate` (the exception), `assert`, the C library ("free(): invalid pointer")
  /// or a sanitizer. One line, printable; may be empty. Also without `output::capture`.
  std::string message;
  /// What this process knows of the cause of a signal that it did not send, such as "possibly out of memory: ...".
  std::string hint;

  /// "exit code 3", "signal 11 (SIGSEGV, Segmentation fault) at address 0x40", ... in words.
  std::string describe() const;
  /// "; it said: ..." of `message`, or "; its last line on stderr: ...", for the end of a message, or nothing: often it
  /// says why.
  std::string last_words() const;
};

/// The child died while the task was started, so it is not known how much of the task was done. Of a
/// `worker`: the child ended before it had sent a result.
class child_lost : public error {
public:
  /// `name` is `task_options::name`, or empty.
  child_lost(task_id task, child_exit exit, bool culprit, std::vector<task_id> suspects,
    const std::string& name = {});
  /// With the message of one that was thrown in another process.
  child_lost(const std::string& message, task_id task, child_exit exit, bool culprit,
    std::vector<task_id> suspects);
  /// Of the only task of the process `name`.
  child_lost(const std::string& name, task_id task, child_exit exit);

  task_id task() const noexcept { return task_; }
  pid_t pid() const noexcept { return exit_->pid; }
  std::size_t slot() const noexcept { return exit_->slot; }
  /// What the child passed to `exit`, or -1 if a signal ended it.
  int exit_code() const noexcept { return exit_->exit_code; }
  /// The signal that ended the child, or 0.
  int signal() const noexcept { return exit_->signal; }
  const child_exit& exit() const noexcept { return *exit_; }
  /// True if this task was on the child's CPU when it died.
  bool culprit() const noexcept { return culprit_; }
  /// The last lines that the child wrote to stderr, printable, if the pool captures output
  /// (`pool_options::output`); else empty.
  const std::string& stderr_tail() const noexcept { return exit_->stderr_tail; }
  /// The tasks that may have caused the death: the culprit, or all that were started.
  const std::vector<task_id>& suspects() const noexcept { return *suspects_; }
  /// The stack at the fatal signal with function names and lines, one frame a line; may be empty. Those that repeat are
  /// shown once, and counted. Resolves symbols, which takes milliseconds. Thread-safe.
  std::string traceback() const;

private:
  task_id task_;
  bool culprit_;
  std::shared_ptr<const child_exit> exit_;
  std::shared_ptr<const std::vector<task_id>> suspects_;
};

/// An exception of a type that the parent does not know, thrown in a child.
class remote_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace troupe

#pragma GCC visibility pop
