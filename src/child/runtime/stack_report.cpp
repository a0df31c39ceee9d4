#include "child/runtime/stack_report.hpp"

#include "child/runtime/frame_list.hpp"
#include "child/tasks/task_context.hpp"
#include "link/stack_question.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// A signal handler has no other way to its data.
link::stack_area* stack_area = nullptr;

void on_question(int, siginfo_t*, void* context) {
  const int error = errno;
  auto* const area = stack_area;
  const auto question = area == nullptr ? 0 : area->question.load(std::memory_order_acquire);
  if (question != 0) {
    const auto place = area->places_taken.fetch_add(1, std::memory_order_relaxed);
    if (place < limits::max_shown_threads) {
      auto& thread = area->threads[place];
      thread.id = static_cast<std::uint32_t>(::syscall(SYS_gettid));
      // Counted here: a thread that is late with an earlier question may be in the same place.
      std::uint32_t count = 0;
      const auto* const task = current_task();
      thread.task = task == nullptr ? 0 : task->task;
      frame_list{thread.frames, count}.add_interrupted(
        context, interrupted_instruction(context), limits::max_asked_frames);
      thread.frame_count = count;
      thread.answered.store(question, std::memory_order_release);
    }
  }
  errno = error;
}

} // namespace

void install_stack_handler(link::stack_area& area) {
  stack_area = &area;
  load_unwinder();
  struct sigaction action {};
  action.sa_sigaction = &on_question;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(link::stack_signal, &action, nullptr);
}

void forget_stack_area() noexcept {
  stack_area = nullptr;
}

} // namespace troupe::child
