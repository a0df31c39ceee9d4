#include "child/runtime/frame_list.hpp"

#include "os/image.hpp"

#include <cstddef>

#include <execinfo.h>
#include <ucontext.h>
#include <unwind.h>

namespace troupe::child {

namespace {

struct walk {
  frame_list& to;
  const std::uintptr_t interrupted;
  const std::size_t most;
  bool found = false;
  std::size_t frames = 0;
};

// The frames above the interrupted instruction are the handler's own.
_Unwind_Reason_Code visit_frame(_Unwind_Context* context, void* data) {
  auto& state = *static_cast<walk*>(data);
  int is_exact = 0;
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIPInfo(context, &is_exact));
  if (!state.found)
    state.found = address == state.interrupted;
  else if (address != 0)
    state.to.add(is_exact != 0 ? address : address - 1); // within the call
  return ++state.frames < state.most ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

} // namespace

void load_unwinder() {
  static const int loaded = [] {
    void* frame[1];
    return ::backtrace(frame, 1);
  }();
  static_cast<void>(loaded);
}

std::uintptr_t interrupted_instruction(const void* context) noexcept {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(
    static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  static_cast<void>(context);
  return 0;
#endif
}

std::uintptr_t interrupted_stack(const void* context) noexcept {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(
    static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.sp;
#else
  static_cast<void>(context);
  return 0;
#endif
}

void frame_list::add(std::uintptr_t address) noexcept {
  if (continues_cycle(address))
    return;
  finish();
  if (!begins_cycle(address))
    append(address);
}

void frame_list::finish() noexcept {
  const auto first = start_;
  const auto begun = position_;
  cycle_ = position_ = 0;
  for (std::uint32_t i = 0; i < begun; ++i) // of a round that has come to no end
    append(addresses_[first + i]);
}

bool frame_list::continues_cycle(std::uintptr_t address) noexcept {
  if (cycle_ == 0 || address != addresses_[start_ + position_])
    return false;
  if (++position_ == cycle_)
    note_repeat();
  return true;
}

bool frame_list::begins_cycle(std::uintptr_t address) noexcept {
  for (std::uint32_t length = 1; length <= longest_cycle && free_from_ + length <= count_;
       ++length) {
    if (addresses_[count_ - length] != address)
      continue;
    cycle_ = length;
    start_ = count_ - length;
    position_ = 1;
    repeats_ = 0;
    if (length == 1)
      note_repeat();
    return true;
  }
  return false;
}

void frame_list::note_repeat() noexcept {
  position_ = 0;
  const auto at = start_ + cycle_;
  if (at >= limits::max_stack_frames)
    return;
  frames_[at] = {++repeats_ | std::uint64_t{cycle_} << os::repeat_bits, os::repeated_frames, 0};
  if (repeats_ > 1)
    return;
  addresses_[at] = 0;
  count_ = free_from_ = at + 1;
}

void frame_list::append(std::uintptr_t address) noexcept {
  if (count_ >= limits::max_stack_frames)
    return;
  const auto place = os::locate_in_signal_handler(address);
  addresses_[count_] = address;
  frames_[count_] = {place.offset, place.module, 0};
  ++count_;
}

void frame_list::add_interrupted(
  const void* context, std::uintptr_t innermost, std::size_t most) noexcept {
  add(innermost);
  walk state{*this, interrupted_instruction(context), most};
  _Unwind_Backtrace(&visit_frame, &state);
  finish();
}

} // namespace troupe::child
