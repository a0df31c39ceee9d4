#include "child/runtime/frame_list.hpp"

#include "os/image.hpp"

#include <array>

#include <execinfo.h>
#include <ucontext.h>

namespace troupe::child {

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

void frame_list::add(std::uintptr_t address) noexcept {
  if (count >= limits::max_stack_frames)
    return;
  const auto place = os::locate_in_signal_handler(address);
  frames[count++] = {place.offset, place.module, 0};
}

void frame_list::add_interrupted(const void* context, std::uintptr_t innermost) noexcept {
  add(innermost);
  std::array<void*, limits::max_stack_frames + 8> addresses{};
  const int found = ::backtrace(addresses.data(), static_cast<int>(addresses.size()));
  const auto interrupted = interrupted_instruction(context);
  const auto address = [&](int i) {
    return reinterpret_cast<std::uintptr_t>(addresses[static_cast<std::size_t>(i)]);
  };
  // The frames above the interrupted instruction are the handler's own.
  int first = 0;
  while (first < found && address(first) != interrupted)
    ++first;
  for (int i = first + 1; i < found; ++i)
    add(address(i) - 1); // within the call
}

} // namespace troupe::child
