#include "os/process_state.hpp"

#include "os/process_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

namespace troupe::os {

process_state look_at_process(pid_t pid) noexcept {
  const process_file status(pid, "status");
  const auto state = status.value("State");
  const char letter = state.empty() ? '\0' : state.front();
  return {.runs = letter != 'S' && letter != 'T',
    .stopped = letter == 'T',
    .traced = number_at(status.value("TracerPid")).value_or(0) != 0};
}

bool is_ending(pid_t pid) noexcept {
  constexpr long long exiting = 0x4; // PF_EXITING
  const process_file stat(pid, "stat");
  const auto state = stat.field_of_stat(3);
  const auto flags = number_at(stat.field_of_stat(9));
  return !flags || state == "Z" || state == "X" || (*flags & exiting) != 0;
}

std::chrono::nanoseconds cpu_time_of_first_thread(pid_t pid) noexcept {
  char name[48];
  std::snprintf(name, sizeof name, "task/%d/schedstat", pid);
  return std::chrono::nanoseconds(number_at(process_file(pid, name).text()).value_or(0));
}

std::optional<resident_parts> resident_parts_of(pid_t pid) noexcept {
  errno = 0;
  const process_file statm(pid, "statm");
  const auto pages = [&](int number) -> std::optional<std::size_t> {
    auto rest = statm.text();
    for (; number > 0; --number)
      rest.remove_prefix(std::min(rest.find(' ', 1), rest.size()));
    const auto found = number_at(rest);
    return found && *found >= 0 ? std::optional(static_cast<std::size_t>(*found)) : std::nullopt;
  };
  const auto all = pages(1); // behind that of the whole address space
  const auto with_file = pages(2);
  if (!all || !with_file)
    return std::nullopt;
  static const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return resident_parts{*all * page_bytes, *with_file * page_bytes};
}

std::size_t resident_memory(pid_t pid) noexcept {
  const auto parts = resident_parts_of(pid);
  return parts ? parts->all : 0;
}

} // namespace troupe::os
