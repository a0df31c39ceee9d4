#include "os/process_state.hpp"

#include "os/process_file.hpp"

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

std::size_t resident_memory(pid_t pid) noexcept {
  const process_file statm(pid, "statm");
  const auto all = statm.text().find(' '); // where the number of all pages ends
  if (all == std::string_view::npos)
    return 0;
  const auto resident = number_at(statm.text().substr(all)).value_or(0);
  return static_cast<std::size_t>(resident) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace troupe::os
