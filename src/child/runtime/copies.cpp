#include "child/runtime/copies.hpp"

#include "child/runtime/crash_report.hpp"
#include "child/runtime/exits.hpp"
#include "child/runtime/stack_report.hpp"

#include <cstdio>
#include <system_error>

#include <pthread.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// A handler of fork has no other way to its data. Nobody else writes this, and only in a copy, which has
// one thread.
link::shared_region* region_of_child = nullptr;
bool copied = false;

void on_fork_in_copy() {
  copied = true;
  forget_crash_area();
  forget_stack_area();
  if (!region_of_child->detach())
    ::_exit(exit_copy);
}

} // namespace

void disarm_copies(link::shared_region& region) {
  region_of_child = &region;
  if (const int error = ::pthread_atfork(nullptr, nullptr, &on_fork_in_copy); error != 0)
    throw std::system_error(error, std::generic_category(), "pthread_atfork in a child");
}

bool is_copy() noexcept {
  return copied;
}

void end_copy() noexcept {
  if (!copied)
    return;
  std::fputs(
    "troupe: a task forked, and its copy of the child came back from the task's code: it is "
    "ended here. Let it call _exit or exec\n",
    stderr);
  ::_exit(exit_copy);
}

} // namespace troupe::child
