#pragma once

#include "top/measures.hpp"

#include <cstddef>
#include <string>
#include <vector>

// What `troupe top` shows, as lines of text. Pure: a screen, or a file, is somebody else's.
namespace troupe_cli {

enum class child_order { slot, cpu, memory, tasks };

/// "slot", "cpu", "memory" or "tasks".
const char* to_string(child_order order) noexcept;

struct view_options {
  child_order order = child_order::slot;
  std::size_t selected = static_cast<std::size_t>(-1); ///< the slot of a child that is marked
  bool with_stacks = false;                            ///< of the failures
};

struct view_line {
  enum class kind { text, heading, selected, alarm };
  std::string text;
  kind what = kind::text;
};

/// One pool of a process. `before` is an earlier look at that process, by which rates are known, or null: then they are
/// those since the first child was started. All texts are printable.
std::vector<view_line> show_pool(const process_status& process, std::size_t pool,
  const process_status* before, const view_options& options, const view_names& names);

/// A line for each process.
std::vector<view_line> list_processes(const std::vector<process_status>& processes);

std::vector<view_line> show_stacks(const stack_status& stacks, const view_names& names);

/// The children of a pool in the order in which they are shown. `before` is the earlier look at it, or null.
std::vector<child_status> ordered_children(
  const pool_status& pool, const pool_status* before, child_order order);

} // namespace troupe_cli
