#pragma once

#include "base/unique_fd.hpp"

#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

namespace troupe::os {

/// A child of this process that has not been waited for: a pidfd. Where that cannot be had (valgrind does not know the
/// system calls, filters of containers may forbid them), it stands for the child's pid, which names nothing else for as
/// long as only this waits for the child, and a thread looks out for its end. Move-only.
class child_descriptor {
public:
  /// None.
  child_descriptor() = default;
  /// Throws `std::system_error`, also if `pid` is no such child.
  static child_descriptor open(pid_t pid);
  /// The same for a child that the caller has just made: one that cannot be opened, for lack of descriptors, is killed and
  /// waited for, so that no zombie stays.
  static child_descriptor open_or_end(pid_t pid);

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// Becomes readable when the child has ended, and stays so.
  int get() const noexcept { return fd_.get(); }
  void reset() noexcept { *this = {}; }

  /// As `waitid` for that child.
  int wait(siginfo_t& info, int options) const noexcept;
  /// The same, with what the child has used.
  int wait(siginfo_t& info, int options, rusage& usage) const noexcept;
  /// As `pidfd_send_signal`; without a pidfd flags are `EINVAL`, as they are to older kernels.
  bool send(int number, unsigned flags = 0) const noexcept;
  /// Sends SIGKILL, and waits for the child. How it ended; all zero if other code has waited for it.
  siginfo_t kill_and_reap() const noexcept;

  /// Whether this machine has pidfds.
  static bool has_pidfds() noexcept;

private:
  int system_wait(siginfo_t& info, int options, rusage* usage) const noexcept;

  base::unique_fd fd_;
  pid_t pid_ = 0; // 0: `fd_` is a pidfd
};

/// Kills a child that has no descriptor, and waits for it. Nothing if `pid` is no child of this process that has not been
/// waited for.
void end_child(pid_t pid) noexcept;

} // namespace troupe::os
