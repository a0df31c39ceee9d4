#include "child/zygote/clone_sibling.hpp"

#include <cstddef>

#include <linux/futex.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// The C library has no wrapper that leaves the stack alone. Not clone3, which containers often forbid.
pid_t raw_clone(unsigned long flags, void* parent_tid, void* child_tid) noexcept {
#if defined(__x86_64__)
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, parent_tid, child_tid, nullptr));
#else
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, parent_tid, nullptr, child_tid));
#endif
}

} // namespace

pid_t clone_sibling(std::atomic<std::int32_t>& record) noexcept {
  // What the C library's fork would see to: it keeps the thread's id, whose place the kernel knows, and a
  // list of robust mutexes that each new process must register again.
  int* tid = nullptr;
  ::prctl(PR_GET_TID_ADDRESS, &tid);
  robust_list_head* robust = nullptr;
  std::size_t robust_size = 0;
  ::syscall(SYS_get_robust_list, 0, &robust, &robust_size);

  unsigned long flags = CLONE_PARENT | CLONE_PARENT_SETTID;
  if (tid != nullptr)
    flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
  const pid_t pid = raw_clone(flags, &record, tid);
  if (pid == 0 && robust != nullptr)
    ::syscall(SYS_set_robust_list, robust, robust_size);
  return pid;
}

} // namespace troupe::child
