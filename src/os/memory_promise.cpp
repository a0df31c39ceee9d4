#include "os/memory_promise.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace troupe::os {

namespace {

bool look_for_accounting() noexcept {
  const base::unique_fd setting(::open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC));
  char mode = 0;
  return !setting || ::read(setting.get(), &mode, 1) != 1 || (mode != '0' && mode != '1');
}

} // namespace

bool memory_is_accounted() noexcept {
  static const bool accounted = look_for_accounting();
  return accounted;
}

} // namespace troupe::os
