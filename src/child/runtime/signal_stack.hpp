#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::child {

/// Gives the calling thread a stack for signal handlers for as long as this lives, so that an overflow of its own stack
/// can be told. A thread that has one keeps it (sanitizers see to that). If there is no memory, it goes without.
class signal_stack {
public:
  signal_stack() noexcept;
  signal_stack(const signal_stack&) = delete;
  signal_stack& operator=(const signal_stack&) = delete;
  ~signal_stack();

private:
  void* memory_ = nullptr;
};

/// Whether the calling thread has run out of stack, if it could not access `address` while its stack ended at `end`.
/// Async-signal-safe.
bool is_stack_overflow(std::uintptr_t address, std::uintptr_t end) noexcept;

} // namespace troupe::child
