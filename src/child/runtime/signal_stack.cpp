#include "child/runtime/signal_stack.hpp"

#include <csignal>

#include <sys/mman.h>

namespace troupe::child {

namespace {

constexpr std::size_t stack_bytes = std::size_t{64} * 1024;
constexpr std::size_t largest_frame = std::size_t{1} << 20;
constexpr std::size_t red_zone = 4096; // what code touches below the end of its stack, generously

// Near the beginning of the thread's stack; 0: it is not known. In the part of a thread's memory that exists from its
// beginning, since a signal handler looks at it.
[[gnu::tls_model("initial-exec")]] thread_local std::uintptr_t stack_of_thread = 0;

bool has_signal_stack() noexcept {
  stack_t present{};
  return ::sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0;
}

} // namespace

signal_stack::signal_stack() noexcept {
  stack_of_thread = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (has_signal_stack())
    return;
  void* const memory =
    ::mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return;
  stack_t own{};
  own.ss_sp = memory;
  own.ss_size = stack_bytes;
  if (::sigaltstack(&own, nullptr) == 0)
    memory_ = memory;
  else
    ::munmap(memory, stack_bytes);
}

signal_stack::~signal_stack() {
  if (memory_ == nullptr)
    return;
  stack_t present{};
  if (::sigaltstack(nullptr, &present) != 0 || present.ss_sp != memory_)
    return; // the program has given the thread another one, and may hold on to this
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  if (::sigaltstack(&none, nullptr) == 0)
    ::munmap(memory_, stack_bytes);
}

// What lies between the end of a stack and its beginning can be accessed, or there is none of it left. What an overrun of
// an array comes to lies beyond the beginning.
bool is_stack_overflow(std::uintptr_t address, std::uintptr_t end) noexcept {
  if (address + red_zone < end)
    return false;
  return stack_of_thread == 0 ? address < end + red_zone
                              : address < stack_of_thread && address < end + largest_frame;
}

} // namespace troupe::child
