#pragma once

#include "link/shared_region.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe::child {

/// Makes the first stack trace of this process, which loads the unwinder: a signal handler must not do
/// that. Later calls do nothing, also in the children of a zygote that has called it.
void load_unwinder();

/// Where a thread stood that a signal has interrupted, by the context that its handler was given; 0 if this machine's
/// registers are not known. Async-signal-safe.
std::uintptr_t interrupted_instruction(const void* context) noexcept;
/// ... and where its stack ended.
std::uintptr_t interrupted_stack(const void* context) noexcept;

/// Frames of a stack, which a signal handler leaves in shared memory: each as soon as it is known, since what comes next
/// may be damaged. Frames that repeat, up to a few in turn, are there once, and then how often. Async-signal-safe.
class frame_list {
public:
  using frame = link::crash_area::frame;

  frame_list(frame (&frames)[limits::max_stack_frames], std::uint32_t& count) noexcept
    : frames_(frames)
    , count_(count) {}

  void add(std::uintptr_t address) noexcept;
  /// That was the outermost.
  void finish() noexcept;
  /// Adds the stack of the calling thread, from what the signal with that context has interrupted on. That frame itself
  /// is shown as `innermost`. Looks at `most` frames.
  void add_interrupted(const void* context, std::uintptr_t innermost, std::size_t most) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  /// Of a frame; 0 if it says that others repeat.
  std::uintptr_t address(std::size_t index) const noexcept { return addresses_[index]; }

private:
  static constexpr std::uint32_t longest_cycle = 8;

  bool continues_cycle(std::uintptr_t address) noexcept;
  bool begins_cycle(std::uintptr_t address) noexcept;
  void note_repeat() noexcept;
  void append(std::uintptr_t address) noexcept;

  frame (&frames_)[limits::max_stack_frames];
  std::uint32_t& count_;
  std::array<std::uintptr_t, limits::max_stack_frames> addresses_{};
  std::uint32_t cycle_ = 0;    // the number of frames that seem to repeat; 0: none do
  std::uint32_t start_ = 0;    // the first of them
  std::uint32_t position_ = 0; // the next of them
  std::uint64_t repeats_ = 0;
  std::uint32_t free_from_ = 0; // what is before this is no part of another cycle
};

} // namespace troupe::child
