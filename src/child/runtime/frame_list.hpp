#pragma once

#include "link/shared_region.hpp"

#include <cstdint>

namespace troupe::child {

/// Makes the first stack trace of this process, which loads the unwinder: a signal handler must not do
/// that. Later calls do nothing, also in the children of a zygote that has called it.
void load_unwinder();

/// Where a thread stood that a signal has interrupted, by the context that its handler was given; 0 if this machine's
/// registers are not known. Async-signal-safe.
std::uintptr_t interrupted_instruction(const void* context) noexcept;

/// Frames of a stack, which a signal handler leaves in shared memory. Async-signal-safe.
struct frame_list {
  link::crash_area::frame (&frames)[limits::max_stack_frames];
  std::uint32_t& count;

  void add(std::uintptr_t address) noexcept;
  /// Adds the stack of the calling thread, from what the signal with that context has interrupted on. That frame itself
  /// is shown as `innermost`.
  void add_interrupted(const void* context, std::uintptr_t innermost) noexcept;
};

} // namespace troupe::child
