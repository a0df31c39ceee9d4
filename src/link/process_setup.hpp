#pragma once

#include <csignal>

namespace troupe::link {

/// Gives a process that was just forked what every process of a pool has: no signal blocked or ignored, a
/// process group of its own (the terminal's Ctrl-C is the runtime's business), and SIGKILL when the thread
/// that started it ends. The caller must still look whether its parent was gone before. False and `errno`
/// if that fails. Async-signal-safe, for use between fork and exec.
bool set_up_process() noexcept;

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

} // namespace troupe::link
