#pragma once

namespace troupe::child {

// Exit codes of a child that could not start.
inline constexpr int exit_start_failed = 1;
inline constexpr int exit_parent_gone = 2;
inline constexpr int exit_protocol = 3;
// ... and of a copy of one that a task has made.
inline constexpr int exit_copy = 4;

/// Writes out what stdio and `std::cout` have buffered.
void flush_output();

/// Flushes output and ends the process. `std::exit` would run the destructors of objects that threads of
/// the user may still use; as in any worker of this kind, the rest is the kernel's.
[[noreturn]] void leave(int code);

/// How a child leaves when it has done what it was to do. One that was `executed` ends as its program does when
/// `main` returns: functions of `atexit` and destructors of static objects run. One that was forked has these
/// from another process, whose files they may remove: it leaves as above.
[[noreturn]] void leave_in_order(int code, bool executed);

} // namespace troupe::child
