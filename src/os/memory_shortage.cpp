#include "os/memory_shortage.hpp"

#include "os/control_groups.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::os {

namespace {

namespace fs = std::filesystem;

constexpr int more_likely = 200; // of 1000
constexpr int most_likely = 1000;

// The number behind `key` in a file of lines "key number"; the only number in it if there is no key.
std::optional<std::uint64_t> number_in(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::string_view rest = line;
    if (!key.empty()) {
      if (!rest.starts_with(key) || rest.size() <= key.size() || rest[key.size()] != ' ')
        continue;
      rest.remove_prefix(key.size() + 1);
    }
    char* end = nullptr;
    const std::string number(rest);
    const auto value = std::strtoull(number.c_str(), &end, 10);
    return *end == '\0' ? std::optional<std::uint64_t>(value) : std::nullopt;
  }
  return std::nullopt;
}

// Where a control group is mounted, or, in a container that does not show its own place, its root.
fs::path place_of(const fs::path& mount, const std::string& group) {
  const auto own = mount / fs::path(group).relative_path();
  std::error_code none;
  return fs::exists(own, none) ? own : mount;
}

void look_at_group(const fs::path& root, memory_state& state) {
  const auto all = root / "sys/fs/cgroup";
  for (const auto& group : read_control_groups(root / "proc/self/cgroup")) {
    if (group.has("memory")) {
      const auto place = place_of(all / "memory", group.path);
      state.killed_in_group = number_in(place / "memory.oom_control", "oom_kill").value_or(0);
      state.limit = number_in(place / "memory.limit_in_bytes", {}).value_or(0);
      return;
    }
    if (group.is_of_version_2()) {
      const auto place = place_of(all, group.path);
      state.killed_in_group = number_in(place / "memory.events", "oom_kill").value_or(0);
      state.limit = number_in(place / "memory.max", {}).value_or(0);
    }
  }
}

std::mutex state_mutex;
std::optional<memory_state> last_state; // guarded by state_mutex

} // namespace

memory_state look_at_memory(const fs::path& root) {
  memory_state state;
  look_at_group(root, state);
  state.killed_in_all = number_in(root / "proc/vmstat", "oom_kill").value_or(0);
  return state;
}

std::string evidence_between(
  const memory_state& before, const memory_state& after, std::uint64_t peak_bytes) {
  const std::string possibly = "possibly out of memory: ";
  const auto megabytes = [](std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
  const auto peak = "; its largest resident set was " + megabytes(peak_bytes);
  const bool has_limit = after.limit != 0 && after.limit < std::uint64_t{1} << 60;
  const auto limit =
    has_limit ? ", of " + megabytes(after.limit) + " that its control group has" : std::string();
  if (after.killed_in_group > before.killed_in_group)
    return possibly + "the kernel has ended a process of its control group for want of memory" +
           peak + limit;
  if (after.killed_in_all > before.killed_in_all)
    return possibly + "the kernel has ended a process for want of memory" + peak + limit;
  if (has_limit && peak_bytes > after.limit - after.limit / 10)
    return possibly + peak.substr(2) + limit;
  return {};
}

void watch_memory() noexcept {
  try {
    const std::lock_guard lock(state_mutex);
    if (!last_state)
      last_state = look_at_memory();
  } catch (const std::exception&) {
    // There is no memory: the next child's start tries it again.
  }
}

std::string why_out_of_memory(std::uint64_t peak_bytes) {
  const std::lock_guard lock(state_mutex);
  const auto now = look_at_memory();
  const auto before = last_state.value_or(now);
  last_state = now;
  return evidence_between(before, now, peak_bytes);
}

void offer_to_be_killed() noexcept {
  const int fd = ::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return;
  char text[16] = {};
  if (::read(fd, text, sizeof text - 1) > 0) {
    const int present = std::atoi(text);
    const int length =
      std::snprintf(text, sizeof text, "%d", std::min(present + more_likely, most_likely));
    [[maybe_unused]] const auto written = ::pwrite(fd, text, static_cast<std::size_t>(length), 0);
  }
  ::close(fd);
}

} // namespace troupe::os
