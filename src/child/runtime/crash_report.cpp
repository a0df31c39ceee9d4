#include "child/runtime/crash_report.hpp"

#include "child/runtime/frame_list.hpp"
#include "child/tasks/task_context.hpp"
#include "os/image.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// A signal handler has no other way to its data.
link::crash_area* crash_area = nullptr;

// A stack of its own, so that a stack overflow can be reported.
alignas(16) std::array<char, std::size_t{64} * 1024> signal_stack;

#if defined(__x86_64__) || defined(__aarch64__)
constexpr bool knows_registers = true;
#else
constexpr bool knows_registers = false;
#endif

bool is_code(std::uintptr_t address) noexcept {
  return os::locate_in_signal_handler(address).module != os::no_module;
}

// A thread that has called what is no code stands where the unwinder finds nothing, and may crash itself. This
// puts it back to where it returns to, for which its call has been the last to change stack and registers.
void step_back(void* context) noexcept {
#if defined(__x86_64__)
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  registers[REG_RIP] = *reinterpret_cast<const greg_t*>(registers[REG_RSP]);
  registers[REG_RSP] += static_cast<greg_t>(sizeof(greg_t));
#elif defined(__aarch64__)
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
  registers.pc = registers.regs[30];
#else
  static_cast<void>(context);
#endif
}

// The first to end the process is the one. Runs on its thread.
void leave_culprit() noexcept {
  if (crash_area == nullptr)
    return;
  const auto* task = current_task();
  std::uint64_t unknown = 0;
  crash_area->culprit.compare_exchange_strong(
    unknown, task == nullptr ? link::crash_area::no_task : std::uint64_t{task->cell} + 1);
}

// Whether the thread that handles a signal has caused it: by a fault, or by `raise` and `abort`. A signal
// that was sent to the process comes to any of its threads.
bool is_own_fault(const siginfo_t& info) noexcept {
  return info.si_code > 0 || (info.si_code == SI_TKILL && info.si_pid == ::getpid());
}

void leave_stack(void* context) noexcept {
  if (!knows_registers)
    return;
  frame_list frames{crash_area->frames, crash_area->frame_count};
  auto fault = interrupted_instruction(context);
  if (!is_code(fault)) {
    frames.add(fault);
    step_back(context);
    fault = interrupted_instruction(context);
    if (!is_code(fault))
      return;
    --fault; // it is where the call returns to
  }
  frames.add_interrupted(context, fault);
}

void on_fatal_signal(int signal, siginfo_t* info, void* context) {
  if (is_own_fault(*info))
    leave_culprit();
  if (crash_area != nullptr && crash_area->frame_count == 0) {
    leave_stack(context);
    crash_area->written.store(1, std::memory_order_release);
  }
  // The default action is back (SA_RESETHAND); this takes effect when the handler returns.
  ::raise(signal);
}

} // namespace

void forget_crash_area() noexcept {
  crash_area = nullptr;
}

void install_crash_handlers(link::crash_area& area) {
  crash_area = &area;
  load_unwinder();

  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &core);
  }

  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = &on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  sigfillset(&action.sa_mask); // no handler of the program runs on top of this
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
    ::sigaction(signal, &action, nullptr);
  std::atexit(&leave_culprit);
  std::at_quick_exit(&leave_culprit);
}

} // namespace troupe::child
