#include "os/control_groups.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

#include <sched.h>

namespace troupe {

namespace {

std::size_t cpus_in_affinity_mask() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
}

std::optional<double> read_v2_quota(const std::string& directory) {
  std::ifstream file(directory + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0)
    return std::nullopt;
  return std::stod(quota) / period;
}

std::optional<double> read_v1_quota(const std::string& directory) {
  std::ifstream quota_file(directory + "/cpu.cfs_quota_us");
  std::ifstream period_file(directory + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0)
    return std::nullopt;
  return quota / period;
}

// The quota of the process's cgroup and of each above it: all of them bind.
// (https://docs.kernel.org/admin-guide/cgroup-v2.html, "CPU Interface Files")
std::optional<double> cgroup_quota() {
  std::optional<double> least;
  const auto consider = [&least](std::optional<double> quota) {
    if (quota && (!least || *quota < *least))
      least = quota;
  };
  for (const auto& group : os::read_control_groups()) {
    if (!group.is_of_version_2() && !group.has("cpu"))
      continue;
    for (auto path = group.path;;) {
      consider(group.is_of_version_2() ? read_v2_quota("/sys/fs/cgroup" + path)
                                       : read_v1_quota("/sys/fs/cgroup/cpu" + path));
      const auto slash = path.rfind('/');
      if (slash == std::string::npos || path.empty())
        break;
      path.erase(slash);
    }
  }
  return least;
}

} // namespace

std::size_t usable_cpus() {
  static const std::size_t count = [] {
    std::size_t cpus = cpus_in_affinity_mask();
    if (const auto quota = cgroup_quota())
      cpus = std::min(cpus, static_cast<std::size_t>(std::max(1.0, *quota + 0.999)));
    return cpus;
  }();
  return count;
}

} // namespace troupe
