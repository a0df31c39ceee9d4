#include "config/pool_keys.hpp"

#include "base/limits.hpp"

#include <array>
#include <limits>

namespace troupe::detail {

namespace {

using std::chrono::milliseconds;

constexpr auto unlimited = std::numeric_limits<std::size_t>::max();

template <auto Member>
constexpr auto of_pool = [](pool_options& options) -> auto& {
  return options.*Member;
};

template <auto Member>
constexpr auto of_restart = [](pool_options& options) -> auto& {
  return options.restart.*Member;
};

template <class Scheduler>
std::shared_ptr<scheduler> make_scheduler() {
  return std::make_shared<Scheduler>();
}

std::span<const std::string_view> overflow_words() {
  static constexpr std::array<std::string_view, 2> words{"block", "reject"};
  return words;
}

std::span<const std::string_view> output_words() {
  static constexpr std::array<std::string_view, 2> words{"inherit", "capture"};
  return words;
}

std::span<const std::string_view> start_method_names() {
  static const std::array names{to_string(start_method::spawn), to_string(start_method::forkserver),
    to_string(start_method::fork)};
  return names;
}

void choose_start_method(pool_options& options, std::size_t index) {
  options.start_method = parse_start_method(start_method_names()[index]);
}

void choose_overflow(pool_options& options, std::size_t index) {
  options.overflow = index == 0 ? overflow::block : overflow::reject;
}

void choose_output(pool_options& options, std::size_t index) {
  options.output = index == 0 ? output::inherit : output::capture;
}

template <auto Member>
constexpr auto of_limits = [](pool_options& options) -> auto& {
  return options.limits.*Member;
};

} // namespace

std::span<const pool_key> pool_keys() {
  static constexpr std::array keys{
    pool_key{"processes", count_key{of_pool<&pool_options::processes>, 0, limits::max_processes}},
    pool_key{"childconcurrency",
      count_key{of_pool<&pool_options::childconcurrency>, 1, limits::max_childconcurrency}},
    pool_key{"queuecount", count_key{of_pool<&pool_options::queuecount>, 1, limits::max_processes}},
    pool_key{"initializer", call_key{of_pool<&pool_options::initializer>}},
    pool_key{"finalizer", call_key{of_pool<&pool_options::finalizer>}},
    pool_key{"maxtasksperchild", count_key{of_pool<&pool_options::maxtasksperchild>, 0, unlimited}},
    pool_key{"scheduler", scheduler_key{}},
    pool_key{"start_method", choice_key{"start method", start_method_names, choose_start_method}},
    pool_key{"spares", count_key{of_pool<&pool_options::spares>, 0, limits::max_spares}},
    pool_key{"restart", group_key{restart_keys}},
    pool_key{"start_timeout",
      duration_key{of_pool<&pool_options::start_timeout>, milliseconds(1), limits::max_timeout}},
    pool_key{"shutdown_timeout",
      duration_key{of_pool<&pool_options::shutdown_timeout>, milliseconds(0), limits::max_timeout}},
    pool_key{"max_queue", count_key{of_pool<&pool_options::max_queue>, 0, limits::max_queue}},
    pool_key{"overflow", choice_key{"overflow policy", overflow_words, choose_overflow}},
    pool_key{"output", choice_key{"kind of output", output_words, choose_output}},
    pool_key{"limits", group_key{limits_keys}},
    pool_key{"cancel_grace",
      duration_key{of_pool<&pool_options::cancel_grace>, milliseconds(0), limits::max_timeout}},
  };
  return keys;
}

std::span<const pool_key> restart_keys() {
  static constexpr std::array keys{
    pool_key{"intensity",
      count_key{of_restart<&restart_options::intensity>, 0, limits::max_restart_intensity}},
    pool_key{"period",
      duration_key{of_restart<&restart_options::period>, milliseconds(1), limits::max_timeout}},
    pool_key{"backoff",
      duration_key{of_restart<&restart_options::backoff>, milliseconds(0), limits::max_backoff}},
    pool_key{"start_attempts",
      count_key{of_restart<&restart_options::start_attempts>, 1, limits::max_start_attempts}},
  };
  return keys;
}

std::span<const pool_key> limits_keys() {
  static constexpr std::array keys{
    pool_key{"address_space", count_key{of_limits<&child_limits::address_space>, 0, unlimited}},
    pool_key{"open_files", count_key{of_limits<&child_limits::open_files>, 0, unlimited}},
    pool_key{"cpu_time",
      duration_key{of_limits<&child_limits::cpu_time>, milliseconds(0), limits::max_timeout}},
    pool_key{"file_size", count_key{of_limits<&child_limits::file_size>, 0, unlimited}},
    pool_key{"nice", count_key{of_limits<&child_limits::nice>, 0, 39}},
  };
  return keys;
}

std::span<const std::string_view> scheduler_names() {
  static constexpr std::array<std::string_view, 4> names{
    "round_robin", "least_loaded", "random_two", "by_key"};
  return names;
}

std::shared_ptr<scheduler> (*scheduler_factory(std::size_t index))() {
  static constexpr std::array<std::shared_ptr<scheduler> (*)(), 4> factories{
    make_scheduler<round_robin>, make_scheduler<least_loaded>, make_scheduler<random_two>,
    make_scheduler<by_key>};
  return factories.at(index);
}

} // namespace troupe::detail
