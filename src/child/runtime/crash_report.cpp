#include "child/runtime/crash_report.hpp"

#include "child/runtime/crash_message.hpp"
#include "child/runtime/frame_list.hpp"
#include "child/runtime/signal_stack.hpp"
#include "child/tasks/task_context.hpp"
#include "os/image.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// A signal handler has no other way to its data.
link::crash_area* crash_area = nullptr;

#if defined(__x86_64__) || defined(__aarch64__)
constexpr bool knows_registers = true;
#else
constexpr bool knows_registers = false;
#endif

bool is_code(std::uintptr_t address) noexcept {
  return os::locate_in_signal_handler(address).module != os::no_module;
}

// Not by an access, which could be another fault. Where the system call is forbidden it is tried all the same: what is
// more important has been left.
bool read_word(std::uintptr_t from, std::uintptr_t& word) noexcept {
  iovec to{&word, sizeof word};
  iovec there{reinterpret_cast<void*>(from), sizeof word};
  if (::process_vm_readv(::getpid(), &to, 1, &there, 1, 0) == static_cast<ssize_t>(sizeof word))
    return true;
  if (errno == EFAULT)
    return false;
  std::memcpy(&word, reinterpret_cast<const void*>(from), sizeof word);
  return true;
}

// A thread that has called what is no code stands where the unwinder finds nothing, and may crash itself. This
// puts it back to where it returns to, for which its call has been the last to change stack and registers.
bool step_back(void* context) noexcept {
#if defined(__x86_64__)
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  std::uintptr_t caller = 0;
  if (!read_word(static_cast<std::uintptr_t>(registers[REG_RSP]), caller))
    return false;
  registers[REG_RIP] = static_cast<greg_t>(caller);
  registers[REG_RSP] += static_cast<greg_t>(sizeof(greg_t));
#elif defined(__aarch64__)
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
  registers.pc = registers.regs[30];
#else
  static_cast<void>(context);
#endif
  return true;
}

// Whether the thread that handles a signal has caused it: by a fault, or by `raise` and `abort`. A signal
// that was sent to the process comes to any of its threads.
bool is_own_fault(const siginfo_t& info) noexcept {
  return info.si_code > 0 || (info.si_code == SI_TKILL && info.si_pid == ::getpid());
}

std::uint32_t this_thread() noexcept {
  return static_cast<std::uint32_t>(::syscall(SYS_gettid));
}

// What is known without a look at the stack, which may be damaged.
void leave_facts(int signal, const siginfo_t& info, const void* context) noexcept {
  auto& area = *crash_area;
  area.signal = static_cast<std::uint32_t>(signal);
  const bool is_fault = info.si_code > 0 && info.si_code != SI_KERNEL;
  if (is_fault && (signal == SIGSEGV || signal == SIGBUS)) {
    area.address = reinterpret_cast<std::uintptr_t>(info.si_addr);
    area.has_address = 1;
    area.stack_overflow = knows_registers && signal == SIGSEGV &&
                          is_stack_overflow(area.address, interrupted_stack(context));
  }
  if (info.si_code <= 0 && info.si_pid != ::getpid())
    area.sender = static_cast<std::uint32_t>(info.si_pid);
  ::prctl(PR_GET_NAME, area.thread_name);
  area.written.store(1, std::memory_order_release);
}

// Others than the program itself: whoever shows the stack may not have loaded them.
void leave_module(std::uintptr_t address) noexcept {
  auto& area = *crash_area;
  const auto found = os::module_in_signal_handler(address);
  const auto* const end = area.modules + area.module_count;
  if (found.id == 0 || found.id == os::no_module ||
      area.module_count >= limits::max_crash_modules ||
      std::find_if(area.modules, area.modules + area.module_count,
        [&](const auto& one) { return one.id == found.id; }) != end)
    return;
  auto& note = area.modules[area.module_count];
  note.id = found.id;
  note.build_id_bytes = found.build.length;
  static_assert(sizeof note.build_id >= os::max_build_id_bytes);
  std::memcpy(note.build_id, found.build.bytes.data(), found.build.length);
  const auto length = ::strnlen(found.path, sizeof note.path - 1);
  std::memcpy(note.path, found.path, length);
  note.path[length] = '\0';
  ++area.module_count;
}

void leave_frames(frame_list& frames, void* context) noexcept {
  auto fault = interrupted_instruction(context);
  if (!is_code(fault)) {
    frames.add(fault);
    if (!step_back(context))
      return;
    fault = interrupted_instruction(context);
    if (!is_code(fault))
      return;
    --fault; // it is where the call returns to
  }
  frames.add_interrupted(context, fault, limits::max_unwound_frames);
}

void leave_stack(void* context) noexcept {
  if (!knows_registers)
    return;
  frame_list frames{crash_area->frames, crash_area->frame_count};
  leave_frames(frames, context);
  for (std::uint32_t i = 0; i < frames.count(); ++i)
    leave_module(frames.address(i));
}

// Another thread has crashed before, and is just telling of it: to end the process now would cut it short.
void await_first_crash() noexcept {
  constexpr timespec pause{0, 1'000'000};
  for (auto left = limits::crash_patience.count();
       left > 0 && crash_area->complete.load(std::memory_order_acquire) == 0; --left)
    ::nanosleep(&pause, nullptr);
}

void on_fatal_signal(int signal, siginfo_t* info, void* context) {
  if (is_own_fault(*info))
    leave_culprit();
  std::uint32_t none = 0;
  if (crash_area == nullptr) {
    // It is a copy of a child, of which nobody wants to know.
  } else if (crash_area->crashing.compare_exchange_strong(none, this_thread())) {
    leave_facts(signal, *info, context);
    if (signal == SIGABRT)
      leave_abort_message();
    leave_stack(context);
    crash_area->complete.store(1, std::memory_order_release);
  } else if (none != this_thread()) {
    await_first_crash();
  }
  // Not by SA_RESETHAND: a thread that crashed meanwhile would end the process. This takes effect when the handler returns.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

} // namespace

// The first to end the process is the one. Runs on its thread.
void leave_culprit() noexcept {
  if (crash_area == nullptr)
    return;
  const auto* task = current_task();
  std::uint64_t unknown = 0;
  crash_area->culprit.compare_exchange_strong(
    unknown, task == nullptr ? link::crash_area::no_task : std::uint64_t{task->cell} + 1);
}

void forget_crash_area() noexcept {
  crash_area = nullptr;
  forget_messages();
}

void install_crash_handlers(link::crash_area& area) {
  crash_area = &area;
  load_unwinder();
  install_message_handlers(area);

  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &core);
  }

  static union for_ever {
    for_ever()
      : stack() {}
    ~for_ever() {} // what comes at the end of the process may crash, too
    signal_stack stack;
  } own_stack;
  static_cast<void>(own_stack);
  struct sigaction action {};
  action.sa_sigaction = &on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask); // no handler of the program runs on top of this
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP})
    ::sigaction(signal, &action, nullptr);
  std::atexit(&leave_culprit);
  std::at_quick_exit(&leave_culprit);
}

} // namespace troupe::child
