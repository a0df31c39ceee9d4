#pragma once

#include <troupe/callback.hpp>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace troupe::compat {

/// A call on a stack of its own, which can pause and be gone on with later: of a function that must be called now, but
/// to its end only when that is needed.
class staged_call {
public:
  /// `function` is called by the first `go_on`. Throws `std::system_error` if there is no memory for the stack.
  explicit staged_call(callback<> function)
    : function_(std::move(function))
    , page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)))
    , stack_(::mmap(nullptr, page_ + stack_bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (stack_ == MAP_FAILED)
      throw std::system_error(errno, std::generic_category(), "mmap of a stack");
    ::mprotect(stack_, page_, PROT_NONE); // what overflows the stack hits nothing else
    ::getcontext(&inside_);
    inside_.uc_stack.ss_sp = static_cast<std::byte*>(stack_) + page_;
    inside_.uc_stack.ss_size = stack_bytes;
    inside_.uc_link = &outside_;
    ::makecontext(&inside_, &enter, 0);
  }
  staged_call(const staged_call&) = delete;
  /// A call that pauses is dropped: what it has on its stack is not destroyed.
  ~staged_call() { ::munmap(stack_, page_ + stack_bytes); }

  /// Begins the call, or goes on with it, until it pauses or ends, which it has not yet. Throws what ends it. On any
  /// thread, but one at a time.
  void go_on() {
    auto* const outer = std::exchange(current_, this);
    ::swapcontext(&outside_, &inside_);
    current_ = outer;
    if (failure_)
      std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  /// From inside the call: `go_on` returns, and this does when it is called again, maybe by another thread.
  void pause() { ::swapcontext(&inside_, &outside_); }
  /// Whether it is the call from which this is asked.
  bool runs_here() const noexcept { return current_ == this; }

private:
  static constexpr std::size_t stack_bytes = std::size_t{256} * 1024;

  static void enter() {
    auto* const self = current_;
    try {
      self->function_();
    } catch (...) {
      self->failure_ = std::current_exception();
    }
  }

  static inline thread_local staged_call* current_ = nullptr;

  const callback<> function_;
  const std::size_t page_;
  void* const stack_;
  ucontext_t inside_{};
  ucontext_t outside_{};
  std::exception_ptr failure_;
};

} // namespace troupe::compat
