#pragma once

#include "fuzz/frame_script.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::fuzz {

/// What a child makes of what its parent writes, in a process of its own, which is forked for that: call it before this
/// process has other threads. The contract: it takes it, or leaves with one of its exit codes, or with an error that says
/// what is wrong; it is not ended by a signal, and it waits for nothing that its parent does not owe it.
class childs_end {
public:
  childs_end();
  childs_end(const childs_end&) = delete;
  ~childs_end();

  /// "fresh" (it has not been set up) or "ready".
  static std::span<const std::string_view> states();

  /// What the child does about these steps, in words: what it writes, and how it ends.
  std::string run(std::string_view state, std::span<const step> steps);

  /// For `parse_steps`.
  std::optional<std::vector<std::byte>> expand(std::string_view name) const;

  /// Whether nothing of the step is what a child trusts its parent with: where its code is, and under which limits it is to
  /// live.
  static bool is_harmless(const step& one);

private:
  struct parts;
  const std::unique_ptr<parts> parts_;
};

} // namespace troupe::fuzz
