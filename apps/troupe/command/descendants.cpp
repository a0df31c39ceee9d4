#include "command/descendants.hpp"

#include "problems.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::string_view mark_name = "TROUPE_COMMAND=";

std::string read_all(const std::string& file) {
  std::string text;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return text;
  char part[4096];
  for (;;) {
    const auto size = ::read(fd, part, sizeof part);
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      break;
    text.append(part, static_cast<std::size_t>(size));
  }
  ::close(fd);
  return text;
}

std::string proc_file(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + '/' + name;
}

void add_numbers(std::string_view text, std::vector<pid_t>& to) {
  while (!text.empty()) {
    pid_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc())
      to.push_back(number);
    text.remove_prefix(
      std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1)); // a space between
  }
}

// The children of all threads of this process: what it adopts goes to any of them.
std::vector<pid_t> children_of_this_process() {
  std::vector<pid_t> children;
  DIR* tasks = ::opendir("/proc/self/task");
  if (!tasks)
    return children;
  while (const dirent* entry = ::readdir(tasks)) {
    if (entry->d_name[0] != '.')
      add_numbers(
        read_all(std::string("/proc/self/task/") + entry->d_name + "/children"), children);
  }
  ::closedir(tasks);
  return children;
}

std::string mark_of(pid_t process) {
  const auto variables = read_all(proc_file(process, "environ"));
  for (std::size_t at = 0; at < variables.size();) {
    const auto end = std::min(variables.find('\0', at), variables.size());
    const auto variable = std::string_view(variables).substr(at, end - at);
    if (variable.starts_with(mark_name))
      return std::string(variable);
    at = end + 1;
  }
  return {};
}

} // namespace

void check_processes_are_seen() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self", error);
  if (error)
    throw broken_problem("/proc is needed, and cannot be read: " + error.message() +
                         "; `mount -t proc proc /proc` makes it");
  if (self != std::to_string(::getpid()))
    throw broken_problem("/proc is that of another namespace of processes; `mount -t proc proc "
                         "/proc` makes one for this, and so does `unshare --mount-proc`");
}

bool has_ended(pid_t process) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return errno == ECHILD;
  // Of a process that is traced, stops are told, too.
  return info.si_pid == process &&
         (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
}

std::string name_of_process(pid_t pid) {
  auto name = read_all(proc_file(pid, "comm"));
  while (!name.empty() && name.back() == '\n')
    name.pop_back();
  return name;
}

running_commands& running_commands::of_this_process() {
  static running_commands commands;
  return commands;
}

running_commands::running_commands() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

std::string running_commands::new_mark() {
  return std::string(mark_name) + std::to_string(::getpid()) + '-' + std::to_string(++last_);
}

void running_commands::add(pid_t leader, const std::string& mark) {
  leaders_[leader] = mark;
}

void running_commands::remove(pid_t leader) {
  leaders_.erase(leader);
}

void running_commands::keep(pid_t process) {
  kept_.insert(process);
}

void running_commands::end_kept(pid_t process) {
  ::kill(process, SIGKILL);
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
  kept_.erase(process);
}

// What has removed its mark and left its group is the last command's that runs, and until then nobody's. What is in the
// group of this process has been started by something else that runs in it.
bool running_commands::belongs(pid_t process, pid_t leader, const std::string& mark) const {
  const auto group = ::getpgid(process);
  if (group == leader)
    return true;
  if (group == ::getpgrp())
    return false;
  const auto mark_of_process = mark_of(process);
  if (mark_of_process == mark)
    return true;
  return leaders_.size() == 1 && !belongs_to_another(process, mark_of_process, leader);
}

bool running_commands::belongs_to_another(
  pid_t process, const std::string& mark_of_process, pid_t leader) const {
  const auto group = ::getpgid(process);
  return std::any_of(leaders_.begin(), leaders_.end(), [&](const auto& each) {
    return each.first != leader && (each.first == group || each.second == mark_of_process);
  });
}

/// Of a child of this process that is no leader: waits for it if it has ended, as init would have done, and says whether
/// it runs still.
bool running_commands::runs_still(pid_t process) {
  if (!has_ended(process))
    return true;
  if (::getpgid(process) != ::getpgrp())
    ::waitpid(process, nullptr, WNOHANG);
  return false;
}

bool running_commands::is_orphan(pid_t process) const {
  return !leaders_.contains(process) && !kept_.contains(process);
}

std::vector<pid_t> running_commands::left_by(pid_t leader) {
  const auto& mark = leaders_.at(leader);
  std::vector<pid_t> left;
  for (const auto process : children_of_this_process())
    if (is_orphan(process) && runs_still(process) && belongs(process, leader, mark))
      left.push_back(process);
  return left;
}

void running_commands::reap_orphans() const {
  for (const auto process : children_of_this_process())
    if (is_orphan(process))
      runs_still(process);
}

} // namespace troupe_cli
