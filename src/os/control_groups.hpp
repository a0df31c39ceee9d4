#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::os {

/// A control group that a process is in (cgroups(7), "/proc/[pid]/cgroup").
struct control_group {
  std::string controllers; ///< "cpu,cpuacct"; empty: of version 2, which has all of them
  std::string path;        ///< below where it is mounted, with a slash in front

  bool is_of_version_2() const noexcept { return controllers.empty(); }
  bool has(std::string_view controller) const;
};

/// Those that the file names, in its order; what is no line of it is left out.
std::vector<control_group> read_control_groups(
  const std::filesystem::path& file = "/proc/self/cgroup");

} // namespace troupe::os
