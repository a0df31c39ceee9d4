#pragma once

#include "fuzz/frame_script.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::fuzz {

/// What a parent makes of what a child writes: all that it has of one child, and a process that does nothing in the place
/// of the child. Ends this process by `abort` where something does not hold whatever the child writes:
///
/// - each task ends once at most, and is one that the child has;
/// - nothing of what a child writes after it broke the rules is looked at, and it is ended;
/// - the child is down once, and the tasks that have not ended are those that it still had.
class parents_end {
public:
  parents_end();
  parents_end(const parents_end&) = delete;
  ~parents_end();

  /// "fresh", "greeted" (it has said hello), "ready" or "tasks": it has 1 in cell 0, not begun, 2 in cell 1, begun, the
  /// batch 3 to 6 in cell 2, of which two are begun, and 7 in cell 3, which has lent its place.
  static std::span<const std::string_view> states();

  /// What the parent does about these steps, in words: what it tells those who use it, and why it ends the child.
  std::string run(std::string_view state, std::span<const step> steps);

  /// For `parse_steps`.
  std::optional<std::vector<std::byte>> expand(std::string_view name);

private:
  struct parts;
  const std::unique_ptr<parts> parts_;
};

} // namespace troupe::fuzz
