#pragma once

#include "top/measures.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe_cli {

/// A process on the dashboard.
struct dashboard_process {
  const process_status* now = nullptr;
  const process_status* before = nullptr; ///< an earlier look, or null
  std::string absence;                    ///< why there is no newer look; empty if there is
};

/// What the page of the dashboard (dashboard.html) shows, as JSON in one line. All texts are printable. Lists are bounded,
/// and what is left out is counted: "more_processes", "more_pools", "more_children", "more_tasks".
std::string dashboard_status(const std::vector<dashboard_process>& processes,
  const std::string& problem, const view_names& names);

/// Bounds of its lists.
inline constexpr std::size_t max_dashboard_processes = 8;
inline constexpr std::size_t max_dashboard_pools = 8; ///< of a process
inline constexpr std::size_t max_dashboard_children =
  200; ///< of a pool: those that use the most CPU time
inline constexpr std::size_t max_dashboard_tasks = 50; ///< names, of a pool: those with most left
inline constexpr std::size_t max_dashboard_failures = 16; ///< of a pool
inline constexpr std::size_t max_dashboard_frames = 32;   ///< of a stack
inline constexpr std::size_t max_dashboard_text = 1'000;  ///< bytes

} // namespace troupe_cli
