#pragma once

#include <map>

#include <sys/ptrace.h>
#include <sys/types.h>

namespace troupe::test {

using call_stop = __ptrace_syscall_info; // the C library's name of what the kernel has

/// One thread that is traced.
struct tracee {
  enum class pace {
    free,      ///< runs
    calls,     ///< stops before and after each system call
    one_by_one ///< stops after each instruction
  };
  pid_t thread = 0;
  pid_t process = 0;
  pace goes = pace::free;
};

/// Traces processes, with all that they start if `options` say so. In a process of its own: what it waits for is nobody
/// else's.
class tracing {
public:
  /// `options`: of PTRACE_SETOPTIONS, beside those that this needs.
  explicit tracing(unsigned long options)
    : options_(options) {}
  virtual ~tracing() = default;
  tracing(const tracing&) = delete;
  tracing& operator=(const tracing&) = delete;

  /// All of the threads that it has; false if it may not be traced.
  bool seize(pid_t process, tracee::pace goes = tracee::pace::free);
  /// Lets each thread go on that has stopped. Does not wait.
  void handle_stops();

protected:
  /// It is traced from now on, and has not run yet: the pace may be changed.
  virtual void begins(tracee&) {}
  /// Before and after each system call of one whose pace is `calls`.
  virtual void at_call(tracee&, const call_stop&) {}
  /// After each instruction of one whose pace is `one_by_one`.
  virtual void at_step(tracee&) {}
  virtual void ended(const tracee&, [[maybe_unused]] int status) {}

private:
  void handle(pid_t thread, int status);
  void at_stop(tracee& one, int status);
  tracee& find(pid_t thread);
  void go_on(const tracee& one, int signal) const;

  unsigned long options_;
  std::map<pid_t, tracee> tracees_;
};

} // namespace troupe::test
