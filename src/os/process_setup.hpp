#pragma once

#include <csignal>

namespace troupe::os {

// What every process of a pool has. These are async-signal-safe, for use between fork and exec.

/// No signal is blocked, ignored or handled, but for those by which a terminal stops a process group that is
/// not its own: these are ignored, so a write succeeds, whatever `stty tostop` says, and a read fails with EIO.
/// Forks inherit that.
void reset_signals() noexcept;

/// Gives a process that was just forked a process group of its own (the terminal's Ctrl-C is the runtime's
/// business, and what it starts is to end with it), and `die_with_parent`. False and `errno` if that fails.
bool set_up_fork() noexcept;

/// Makes SIGKILL the signal that this process gets when the thread that started it ends. The caller must
/// still look whether its parent was gone before. The kernel forgets it when the process changes its user
/// or group. False and `errno` if that fails.
bool die_with_parent() noexcept;

/// Makes stdin a file from which nothing is read. False and `errno` if that fails.
bool empty_input() noexcept;

/// Closes every descriptor but 0, 1, 2 and `kept`. False and `errno` if that fails. Async-signal-safe.
bool close_descriptors_but(int kept) noexcept;

/// Blocks all signals for the calling thread, and so for the threads that it starts meanwhile: signals are
/// for the program's own threads.
class signals_blocked {
public:
  signals_blocked() noexcept;
  signals_blocked(const signals_blocked&) = delete;
  ~signals_blocked();

private:
  sigset_t before_{};
};

} // namespace troupe::os
