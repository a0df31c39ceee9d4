#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

/// What /proc tells of a process.
namespace troupe::test {

std::size_t open_descriptors(pid_t pid);
std::size_t thread_count(pid_t pid);
std::size_t mapping_count(pid_t pid);
std::size_t resident_kilobytes(pid_t pid);
/// Living and dead (zombie) children.
std::vector<pid_t> children_of(pid_t pid);
/// "R", "S", "Z", ...; empty if there is no such process.
std::string state_of(pid_t pid);
/// What the process calls itself: at most 15 characters.
std::string name_of(pid_t pid);
/// The children of this process that are zygotes. A child that is just being forked looks like one.
std::vector<pid_t> zygotes();
/// Of all threads.
std::uint64_t voluntary_context_switches(pid_t pid);

/// Looks again and again until `condition` holds; false if it does not within a generous time, which only
/// guards against a hang.
bool eventually(const std::function<bool()>& condition,
  std::chrono::milliseconds patience = std::chrono::seconds(60));

/// The parts of a process that a pool may change, to be compared before and after.
struct footprint {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t children = 0;
  std::size_t mappings = 0;

  static footprint of_this_process();
  /// Whether some part is larger. Smaller is no leak: what earlier tests used may just have gone.
  bool exceeds(const footprint& before) const noexcept {
    return descriptors > before.descriptors || threads > before.threads ||
           children > before.children || mappings > before.mappings;
  }
};

} // namespace troupe::test
