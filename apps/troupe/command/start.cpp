#include "command/start.hpp"

#include "command/executable.hpp"
#include "command/file_descriptor.hpp"
#include "command/start_texts.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

struct limit {
  int resource;
  rlim_t value;
};

/// All that the new process needs. It is made before, since that process may not allocate: it has the memory of this
/// one, whose thread waits.
struct start_plan {
  const char* file = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  const char* directory = nullptr; // or null
  int in = -1;
  int out = -1; // -1: as it is
  int err = -1;
  pid_t parent = 0;
  std::array<limit, 5> limits{};
  std::size_t limit_count = 0;
  int nice = 0;
  const cpu_set_t* cpus = nullptr;
  bool no_new_privs = false;
  // Of a process that is to be traced: whether it may begin, and whether it still uses this memory. The system sets
  // the latter to 0 when it does no longer.
  bool waits = false;
  int may_begin = 0;
  int uses_memory = 1;
  // What the new process says of its failure.
  start_step failed_step = start_step::none;
  int failed_resource = 0;
  int failure = 0;
};

// Two processes run on this memory, as one thread, so nothing that a sanitizer adds may keep an account of it.
#define TROUPE_NOT_SANITIZED __attribute__((no_sanitize("address", "thread", "undefined")))

/// Returns when the word has another value.
TROUPE_NOT_SANITIZED void wait_while(const int& word, int value) {
  while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == value)
    ::syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

int fail(start_plan& plan, start_step step) {
  plan.failed_step = step;
  plan.failure = errno;
  ::_exit(127);
}

void set_default_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    ::sigaction(number, &action, nullptr); // fails for SIGKILL, SIGSTOP and the C library's own
}

void apply_limits(start_plan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    const auto& wanted = plan.limits[i];
    rlimit value{wanted.value, wanted.value};
    if (wanted.resource == RLIMIT_CORE) { // as far as the hard limit allows
      ::getrlimit(RLIMIT_CORE, &value);
      value.rlim_cur = value.rlim_max;
    }
    if (::setrlimit(static_cast<__rlimit_resource_t>(wanted.resource), &value) != 0) {
      plan.failed_resource = wanted.resource;
      fail(plan, start_step::limit);
    }
  }
  if (plan.nice != 0 && ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + plan.nice))
    fail(plan, start_step::nice);
  if (plan.cpus && ::sched_setaffinity(0, sizeof(cpu_set_t), plan.cpus) != 0)
    fail(plan, start_step::cpus);
  if (plan.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail(plan, start_step::privileges);
}

// In the new process, whose memory is this one's: only system calls, and nothing that outlives it.
TROUPE_NOT_SANITIZED int run_new_process(void* argument) {
  auto& plan = *static_cast<start_plan*>(argument);
  // The parent may die at any moment, also while this process waits for it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) // it died before it would have been noticed
    ::_exit(127);
  if (plan.waits)
    wait_while(plan.may_begin, 0);
  ::setsid(); // and so a group: where one reads from the terminal, it would be stopped for ever
  set_default_signals();
  if (::dup2(plan.in, STDIN_FILENO) < 0 || (plan.out >= 0 && ::dup2(plan.out, STDOUT_FILENO) < 0) ||
      (plan.err >= 0 && ::dup2(plan.err, STDERR_FILENO) < 0))
    fail(plan, start_step::descriptors);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (plan.directory && ::chdir(plan.directory) != 0)
    fail(plan, start_step::directory);
  apply_limits(plan);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.file, plan.argv, plan.envp);
  return fail(plan, start_step::execute);
}

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

/// The environment of a command: the variables of this process but those that the command has otherwise, and those.
class environment {
public:
  environment(const command& what, const std::vector<std::string>& additions) {
    for (const auto& variable : what.environment)
      set(variable);
    for (const auto& variable : additions)
      set(variable);
    const auto own = pointers_.size();
    for (char** variable = environ; *variable; ++variable) {
      if (!replaced(*variable, own) && !removed(*variable, what.environment_without))
        pointers_.push_back(*variable);
    }
    pointers_.push_back(nullptr);
  }

  char* const* get() const { return pointers_.data(); }

  const char* find(std::string_view name) const {
    for (const char* variable : pointers_) {
      if (variable && name_of(variable) == name && variable[name.size()] == '=')
        return variable + name.size() + 1;
    }
    return nullptr;
  }

private:
  void set(const std::string& variable) {
    for (auto& there : pointers_) {
      if (name_of(there) == name_of(variable)) {
        there = const_cast<char*>(variable.c_str());
        return;
      }
    }
    pointers_.push_back(const_cast<char*>(variable.c_str()));
  }

  bool replaced(const char* variable, std::size_t own) const {
    for (std::size_t i = 0; i < own; ++i) {
      if (name_of(pointers_[i]) == name_of(variable))
        return true;
    }
    return false;
  }

  static bool removed(const char* variable, const std::vector<std::string>& names) {
    for (const auto& name : names) {
      if (name_of(variable) == name)
        return true;
    }
    return false;
  }

  std::vector<char*> pointers_;
};

/// What a command reads, which is nothing, and where it writes: descriptors that were opened for it here, or that the caller
/// has.
class command_files {
public:
  command_files(const command& what, const command_descriptors& to)
    : null_device_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
    if (null_device_.number < 0)
      throw start_problem{input_problem(errno), errno};
    in = to.in >= 0 ? to.in : null_device_.number;
    out = to.out >= 0 ? to.out : what.inherit_output ? -1 : open(what.stdout_file, out_file_);
    if (to.err >= 0 || what.inherit_output)
      err = to.err;
    else if (!what.stderr_file.empty() && what.stderr_file == what.stdout_file && to.out < 0)
      err = out;
    else
      err = open(what.stderr_file, err_file_);
  }

  int in = -1;
  int out = -1;
  int err = -1;

private:
  int open(const std::string& file, file_descriptor& opened) const {
    if (file.empty())
      return null_device_.number;
    opened.number = open_output_file(file);
    if (opened.number < 0)
      throw start_problem{output_problem(file, errno), errno};
    return opened.number;
  }

  file_descriptor null_device_;
  file_descriptor out_file_;
  file_descriptor err_file_;
};

void add_limit(start_plan& plan, int resource, std::size_t value) {
  if (value != 0)
    plan.limits[plan.limit_count++] = {resource, value};
}

void plan_limits(start_plan& plan, const troupe::child_limits& limits) {
  add_limit(plan, RLIMIT_AS, limits.address_space);
  add_limit(plan, RLIMIT_NOFILE, limits.open_files);
  add_limit(plan, RLIMIT_CPU, static_cast<std::size_t>((limits.cpu_time.count() + 999) / 1000));
  add_limit(plan, RLIMIT_FSIZE, limits.file_size);
  add_limit(plan, RLIMIT_CORE, limits.core_dumps ? 1 : 0);
  plan.nice = static_cast<int>(limits.nice);
  plan.no_new_privs = limits.no_new_privs;
}

std::optional<cpu_set_t> cpus_of(const troupe::child_limits& limits) {
  if (limits.cpus.empty())
    return std::nullopt;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const auto cpu : limits.cpus) {
    if (cpu < CPU_SETSIZE)
      CPU_SET(cpu, &set);
  }
  return set;
}

/// Traces the new process, which waits for that, and returns when it has executed the program, or ended. As
/// `CLONE_VFORK` but for the time in which it can be traced: it is seized before it does anything, so nothing is missed,
/// and does not stop for it.
TROUPE_NOT_SANITIZED bool trace_new_process(start_plan& plan, pid_t pid) {
  const bool traced = trace_process(pid);
  __atomic_store_n(&plan.may_begin, 1, __ATOMIC_RELEASE);
  ::syscall(SYS_futex, &plan.may_begin, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  wait_while(plan.uses_memory, 1);
  return traced;
}

started_command start_process(start_plan& plan) {
  // The new process runs on this memory while this thread waits for it to execute the program.
  alignas(64) std::array<std::byte, std::size_t{32} * 1024> stack;
  started_command started;
  sigset_t all;
  sigset_t before;
  sigfillset(&all); // no handler of this process may run in the new one
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int until_it_executes = plan.waits ? CLONE_CHILD_CLEARTID : CLONE_VFORK;
  started.pid = ::clone(run_new_process, stack.data() + stack.size(),
    CLONE_VM | CLONE_PIDFD | until_it_executes | SIGCHLD, &plan, &started.pidfd, nullptr,
    &plan.uses_memory);
  const int problem = errno;
  if (plan.waits && started.pid > 0)
    started.traced = trace_new_process(plan, started.pid);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started.pid < 0)
    throw start_problem{fork_problem(problem), problem};
  return started;
}

} // namespace

int open_output_file(const std::string& file) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
}

TROUPE_NOT_SANITIZED bool trace_process(pid_t pid) noexcept {
  // If this process dies, so does the traced one.
  const long options = PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  return ::ptrace(PTRACE_SEIZE, pid, nullptr, options) == 0;
}

started_command start_command(
  const command& what, const command_descriptors& to, const std::vector<std::string>& additions) {
  if (what.argv.empty() || what.argv.front().empty())
    throw start_problem{"there is no command to run: its name is empty", EINVAL};
  for (const auto& argument : what.argv) {
    if (argument.find('\0') != std::string::npos)
      throw start_problem{zero_byte_problem(what.argv.front()), EINVAL};
  }
  const environment variables(what, additions);
  const char* path = variables.find("PATH");
  const auto file = find_executable(what.argv.front(), path ? path : "/usr/bin:/bin");
  if (file.empty())
    throw start_problem{not_in_path_problem(what.argv.front()), ENOENT};
  std::vector<char*> argv;
  argv.reserve(what.argv.size() + 1);
  for (const auto& argument : what.argv)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const command_files files(what, to);
  const auto cpus = cpus_of(what.limits);

  start_plan plan{.file = file.c_str(),
    .argv = argv.data(),
    .envp = variables.get(),
    .directory = what.directory.empty() ? nullptr : what.directory.c_str(),
    .in = files.in,
    .out = files.out,
    .err = files.err,
    .parent = ::getpid(),
    .cpus = cpus ? &*cpus : nullptr,
    .waits = what.traced};
  plan_limits(plan, what.limits);
  const auto started = start_process(plan);
  if (plan.failed_step == start_step::none)
    return started;
  ::close(started.pidfd);
  while (::waitpid(started.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  throw start_problem{
    step_problem(plan.failed_step, plan.failed_resource, plan.failure, file, what.directory),
    plan.failure};
}

} // namespace troupe_cli
