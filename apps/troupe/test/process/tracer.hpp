#pragma once

#include <set>
#include <string>

#include <sys/types.h>

namespace troupe_cli::test {

/// Traces a process that this thread has started, to read the stack of a thread that a signal is about to end: at no
/// other time is the stack what it was, and no core file is needed. Only threads of the process itself are traced,
/// none of what it starts. If it may not be traced, there are no stacks, and everything else is as before.
///
/// All functions are to be called on the thread that started the process, which gets SIGCHLD when there is something
/// to look at. Other processes and their exit codes are not touched, nor that of this one.
class tracer {
public:
  enum class begun {
    with_process, ///< `started_command::traced`: it is traced already, and nothing is missed
    later,        ///< it has run untraced
  };
  /// Traces `process` from now on.
  tracer(pid_t process, begun how);
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;

  /// Lets every thread that has stopped go on, after its stack was read if it is dying.
  void handle_stops();

  /// Stops all threads, one after the other, and reads their stacks. Of a process that is not traced yet, traces it.
  std::string read_all_stacks();

  /// The stack of the thread that got the last signal by which a program dies; empty without one.
  const std::string& crash_stack() const { return crash_stack_; }

private:
  bool seize(pid_t thread);
  bool handle_stop(pid_t thread);
  void take_stop(pid_t thread, int status);
  void note_crash(pid_t thread, int signal);
  std::string read_one_stack(class stack_reader& reader, pid_t thread);

  pid_t process_;
  std::set<pid_t> threads_; // that are traced
  std::string crash_stack_;
  int crashes_ = 0;
};

} // namespace troupe_cli::test
