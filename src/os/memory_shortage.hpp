#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace troupe::os {

/// Notes how many processes the kernel has ended so far for want of memory, once, before the first child runs.
void watch_memory() noexcept;

/// "possibly out of memory: ...", with the evidence, for a process that was killed by nobody knows whom and has used so
/// many bytes at its peak; empty if there is none. What is noted by then is not evidence again.
std::string why_out_of_memory(std::uint64_t peak_bytes);

/// What the kernel says of memory, of the control group of this process and of all; 0: it does not say.
struct memory_state {
  std::uint64_t killed_in_group = 0;
  std::uint64_t killed_in_all = 0;
  std::uint64_t limit = 0; ///< bytes of the group
};

/// `root`: where /proc and /sys are.
memory_state look_at_memory(const std::filesystem::path& root = "/");
std::string evidence_between(
  const memory_state& before, const memory_state& after, std::uint64_t peak_bytes);

/// Makes it more likely that the kernel ends this process, rather than its parent, when memory runs out. Async-signal-safe.
void offer_to_be_killed() noexcept;

} // namespace troupe::os
