#pragma once

#include "base/limits.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/process_options.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Which values options may have: the one place that knows, for pools and processes that a program makes and
// for those of a configuration file.
namespace troupe::detail {

/// An option of a pool that is a count, from `least` to `most`. In a file, what stands before the dot of its
/// name is a table.
struct count_rule {
  std::string_view name;
  std::size_t& (*member)(pool_options&);
  std::size_t least;
  std::size_t most;
};

/// An option of a pool that is a time, from `least` to `most`.
struct time_rule {
  std::string_view name;
  std::chrono::milliseconds& (*member)(pool_options&);
  std::chrono::milliseconds least;
  std::chrono::milliseconds most;
};

/// What is wrong with a value, or nothing.
using problem_of_text = std::optional<std::string>;

/// Of an absolute path, or an empty one.
problem_of_text problem_of_directory(const std::string& path);
/// Of a name that stands in `pool_options::environment`.
problem_of_text problem_of_variable(const std::string& pattern);
inline constexpr unsigned most_umask = 0777;

/// Throws `std::invalid_argument` if an option is out of its range, if two contradict each other, or if a
/// call is not of a plain function. `processes` must have been chosen.
void check_options(pool_options& options);
void check_options(const process_options& options);

namespace option_rules {

template <auto Member>
constexpr auto of_pool = [](pool_options& options) -> auto& {
  return options.*Member;
};

template <auto Member>
constexpr auto of_restart = [](pool_options& options) -> auto& {
  return options.restart.*Member;
};

template <auto Member>
constexpr auto of_limits = [](pool_options& options) -> auto& {
  return options.limits.*Member;
};

inline constexpr auto any_count = std::numeric_limits<std::size_t>::max();
inline constexpr std::chrono::milliseconds no_time{0};
inline constexpr std::chrono::milliseconds shortest{1};

// -- counts of a pool -------------------------------------------------------------------------------

inline constexpr count_rule processes{
  "processes", of_pool<&pool_options::processes>, 0, limits::max_processes};
inline constexpr count_rule childconcurrency{
  "childconcurrency", of_pool<&pool_options::childconcurrency>, 1, limits::max_childconcurrency};
inline constexpr count_rule queuecount{
  "queuecount", of_pool<&pool_options::queuecount>, 1, limits::max_processes};
inline constexpr count_rule maxtasksperchild{
  "maxtasksperchild", of_pool<&pool_options::maxtasksperchild>, 0, any_count};
inline constexpr count_rule maxmemoryperchild{
  "maxmemoryperchild", of_pool<&pool_options::maxmemoryperchild>, 0, any_count};
inline constexpr count_rule spares{"spares", of_pool<&pool_options::spares>, 0, limits::max_spares};
inline constexpr count_rule max_queue{
  "max_queue", of_pool<&pool_options::max_queue>, 0, limits::max_queue};
inline constexpr count_rule intensity{
  "restart.intensity", of_restart<&restart_options::intensity>, 0, limits::max_restart_intensity};
inline constexpr count_rule start_attempts{"restart.start_attempts",
  of_restart<&restart_options::start_attempts>, 1, limits::max_start_attempts};
inline constexpr count_rule address_space{
  "limits.address_space", of_limits<&child_limits::address_space>, 0, any_count};
inline constexpr count_rule open_files{
  "limits.open_files", of_limits<&child_limits::open_files>, 0, any_count};
inline constexpr count_rule file_size{
  "limits.file_size", of_limits<&child_limits::file_size>, 0, any_count};
inline constexpr count_rule user_processes{
  "limits.processes", of_limits<&child_limits::processes>, 0, any_count};
inline constexpr count_rule nice{
  "limits.nice", of_limits<&child_limits::nice>, 0, limits::max_nice};

// -- times of a pool --------------------------------------------------------------------------------

inline constexpr time_rule maxageperchild{
  "maxageperchild", of_pool<&pool_options::maxageperchild>, no_time, limits::max_child_age};
inline constexpr time_rule start_timeout{
  "start_timeout", of_pool<&pool_options::start_timeout>, shortest, limits::max_timeout};
inline constexpr time_rule shutdown_timeout{
  "shutdown_timeout", of_pool<&pool_options::shutdown_timeout>, no_time, limits::max_timeout};
inline constexpr time_rule cancel_grace{
  "cancel_grace", of_pool<&pool_options::cancel_grace>, no_time, limits::max_timeout};
inline constexpr time_rule slow_after{
  "slow_after", of_pool<&pool_options::slow_after>, no_time, limits::max_timeout};
inline constexpr time_rule period{
  "restart.period", of_restart<&restart_options::period>, shortest, limits::max_timeout};
inline constexpr time_rule backoff{
  "restart.backoff", of_restart<&restart_options::backoff>, no_time, limits::max_backoff};
inline constexpr time_rule give_up_after{"restart.give_up_after",
  of_restart<&restart_options::give_up_after>, std::chrono::milliseconds(0), limits::max_timeout};
inline constexpr time_rule cpu_time{
  "limits.cpu_time", of_limits<&child_limits::cpu_time>, no_time, limits::max_cpu_time};

} // namespace option_rules
} // namespace troupe::detail
