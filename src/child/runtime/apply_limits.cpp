#include "child/runtime/apply_limits.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::child {

namespace {

[[noreturn]] void fail(const std::string& limit) {
  throw std::system_error(
    errno, std::generic_category(), "pool option limits." + limit + " cannot be put in force");
}

void set_limit(const char* name, __rlimit_resource resource, rlim_t most) {
  if (most == 0)
    return;
  rlimit value{};
  if (::getrlimit(resource, &value) != 0)
    fail(name);
  if (value.rlim_max != RLIM_INFINITY && most > value.rlim_max) {
    errno = EPERM;
    fail(name);
  }
  value.rlim_cur = value.rlim_max = most;
  if (::setrlimit(resource, &value) != 0)
    fail(name);
}

void set_cpus(const std::vector<std::size_t>& cpus) {
  if (cpus.empty())
    return;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  for (const auto cpu : cpus) {
    if (cpu >= CPU_SETSIZE) {
      errno = EINVAL;
      fail("cpus");
    }
    CPU_SET(cpu, &allowed);
  }
  if (::sched_setaffinity(0, sizeof allowed, &allowed) != 0)
    fail("cpus");
}

void allow_core_dumps() {
  rlimit value{};
  if (::getrlimit(RLIMIT_CORE, &value) != 0)
    fail("core_dumps");
  value.rlim_cur = value.rlim_max;
  if (::setrlimit(RLIMIT_CORE, &value) != 0)
    fail("core_dumps");
}

} // namespace

void apply_limits(const child_limits& wanted) {
  set_limit("address_space", RLIMIT_AS, wanted.address_space);
  set_limit("open_files", RLIMIT_NOFILE, wanted.open_files);
  set_limit("cpu_time", RLIMIT_CPU,
    static_cast<rlim_t>(std::chrono::ceil<std::chrono::seconds>(wanted.cpu_time).count()));
  set_limit("file_size", RLIMIT_FSIZE, wanted.file_size);
  set_limit("processes", RLIMIT_NPROC, wanted.processes);
  errno = 0;
  if (wanted.nice != 0 && ::nice(static_cast<int>(wanted.nice)) == -1 && errno != 0)
    fail("nice");
  set_cpus(wanted.cpus);
  if (wanted.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail("no_new_privs");
  if (wanted.core_dumps)
    allow_core_dumps();
}

} // namespace troupe::child
