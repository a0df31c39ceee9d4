#include "check/machine.hpp"

#include "command/descendants.hpp"
#include "problems.hpp"

#include <troupe/cpus.hpp>

#include <cerrno>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>

#include <linux/landlock.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

std::string first_line(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0)
    return "unknown";
  return std::to_string(CPU_COUNT(&set));
}

// "1.5 CPUs (cpu.max)", of the cgroup that a process sees as its root.
std::string quota() {
  std::istringstream words(first_line("/sys/fs/cgroup/cpu.max"));
  std::string most;
  double period = 0;
  if (!(words >> most >> period))
    return "not known here";
  if (most == "max" || period <= 0)
    return "none";
  std::ostringstream text;
  text << std::stod(most) / period << " CPUs (cpu.max)";
  return text.str();
}

std::string pidfd() {
#ifdef SYS_pidfd_open
  const auto fd = ::syscall(SYS_pidfd_open, ::getpid(), 0);
  if (fd >= 0) {
    ::close(static_cast<int>(fd));
    return "yes";
  }
#endif
  return "no";
}

std::string processes() {
  try {
    check_processes_are_seen();
    return "yes";
  } catch (const broken_problem& problem) {
    return problem.what();
  }
}

// Some systems let a namespace for users be made, and forbid what it is for, such as to have a user in it.
bool make_namespaces() {
  const auto own_id = std::to_string(::geteuid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    return false;
  std::ofstream ids("/proc/self/uid_map");
  ids << own_id << ' ' << own_id << " 1" << std::flush;
  return static_cast<bool>(ids);
}

bool namespaces_can_be_made() {
  const pid_t pid = ::fork();
  if (pid == 0)
    ::_exit(make_namespaces() ? 0 : 1);
  int status = -1;
  while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Those that a pool may have here: <troupe/sandbox.hpp> says what each needs.
std::string sandboxes() {
  const auto landlock =
    ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (landlock < 0)
    return "none (no Landlock)";
  const auto version = " (Landlock " + std::to_string(landlock) + ')';
  if (landlock < 3)
    return "none" + version;
  if (landlock < 6)
    return "guarded" + version;
  return (namespaces_can_be_made() ? "guarded, isolated"
                                   : "guarded; not isolated: no namespaces for users") +
         version;
}

// The word in brackets is in force: "always [madvise] never".
std::string huge_pages() {
  const auto line = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  const auto begin = line.find('[');
  const auto end = line.find(']');
  if (begin == std::string::npos || end == std::string::npos)
    return "no";
  return line.substr(begin + 1, end - begin - 1);
}

std::string limit_of(__rlimit_resource_t resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0)
    return "unknown";
  const auto text = [](rlim_t value) {
    return value == RLIM_INFINITY ? std::string("unlimited") : std::to_string(value);
  };
  return text(limit.rlim_cur) + " (at most " + text(limit.rlim_max) + ')';
}

std::string memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto size = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0)
    return "unknown";
  return std::to_string(pages / 1024 * (size / 1024)) + " MiB";
}

std::string kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + ' ' + name.release : "unknown";
}

} // namespace

void print_machine(std::ostream& out) {
  out << "# kernel: " << kernel() << '\n'
      << "# usable CPUs: " << troupe::usable_cpus() << " (affinity " << affinity() << ", quota "
      << quota() << ")\n"
      << "# memory: " << memory() << '\n'
      << "# pidfd: " << pidfd() << '\n'
      << "# /proc: " << processes() << '\n'
      << "# sandboxes: " << sandboxes() << '\n'
      << "# huge pages: " << huge_pages() << '\n'
      << "# open files: " << limit_of(RLIMIT_NOFILE) << '\n'
      << "# processes: " << limit_of(RLIMIT_NPROC) << '\n'
      << "# address space: " << limit_of(RLIMIT_AS) << '\n'
      << "# locked memory: " << limit_of(RLIMIT_MEMLOCK) << '\n'
      << "# core files: " << limit_of(RLIMIT_CORE) << '\n';
}

} // namespace troupe_cli
