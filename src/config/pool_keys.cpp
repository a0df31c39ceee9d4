#include "config/pool_keys.hpp"

#include <array>

namespace troupe::detail {

namespace {

namespace rules = option_rules;

// The key of an option that has a rule: an integer, or a string like "30s".
template <class Rule>
constexpr pool_key key_of(const Rule& rule) {
  return {rule.name.substr(rule.name.find('.') + 1), rule};
}

constexpr pool_key size_of(const count_rule& rule) {
  return {rule.name.substr(rule.name.find('.') + 1), size_key{rule}};
}

constexpr pool_key live(pool_key key) {
  key.change = change_effect::live;
  return key;
}

// Of what children get when they start: `pool_control::renew` gives it to their successors.
constexpr pool_key of_children(pool_key key) {
  key.change = change_effect::recycle;
  return key;
}

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

std::span<const std::string_view> input_words() {
  static constexpr std::array<std::string_view, 2> words{"null", "inherit"};
  return words;
}

std::span<const std::string_view> sandbox_words() {
  static constexpr std::array<std::string_view, 3> words{"none", "guarded", "isolated"};
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

void choose_input(pool_options& options, std::size_t index) {
  options.input = index == 0 ? input::null : input::inherit;
}

void choose_sandbox(pool_options& options, std::size_t index) {
  constexpr std::array kinds{sandbox::none, sandbox::guarded, sandbox::isolated};
  options.sandbox = kinds[index];
}

void choose_output(pool_options& options, std::size_t index) {
  options.output = index == 0 ? output::inherit : output::capture;
}

} // namespace

std::span<const pool_key> pool_keys() {
  static constexpr std::array keys{
    live(key_of(rules::processes)),
    key_of(rules::childconcurrency),
    key_of(rules::queuecount),
    of_children(pool_key{"initializer", call_key{rules::of_pool<&pool_options::initializer>}}),
    of_children(pool_key{"finalizer", call_key{rules::of_pool<&pool_options::finalizer>}}),
    key_of(rules::maxtasksperchild),
    of_children(size_of(rules::maxmemoryperchild)),
    key_of(rules::maxageperchild),
    pool_key{"scheduler", scheduler_key{}},
    pool_key{"start_method", choice_key{"start method", start_method_names, choose_start_method}},
    key_of(rules::spares),
    pool_key{"restart", group_key{restart_keys}},
    key_of(rules::start_timeout),
    key_of(rules::shutdown_timeout),
    key_of(rules::max_queue),
    pool_key{"overflow", choice_key{"overflow policy", overflow_words, choose_overflow}},
    of_children(pool_key{"input", choice_key{"kind of input", input_words, choose_input}}),
    of_children(pool_key{"output", choice_key{"kind of output", output_words, choose_output}}),
    of_children(pool_key{"limits", group_key{limits_keys}}),
    key_of(rules::cancel_grace),
    key_of(rules::slow_after),
    of_children(pool_key{"environment", variables_key{}}),
    of_children(pool_key{
      "working_directory", directory_key{rules::of_pool<&pool_options::working_directory>}}),
    of_children(pool_key{"umask", umask_key{}}),
    of_children(pool_key{"sandbox", choice_key{"sandbox", sandbox_words, choose_sandbox}}),
    of_children(pool_key{"writable_directories",
      directories_key{rules::of_pool<&pool_options::writable_directories>}}),
    of_children(pool_key{"sockets", flag_key{rules::of_pool<&pool_options::sockets>}}),
  };
  return keys;
}

std::span<const pool_key> restart_keys() {
  static constexpr std::array keys{
    key_of(rules::intensity),
    key_of(rules::period),
    key_of(rules::backoff),
    key_of(rules::start_attempts),
    key_of(rules::give_up_after),
  };
  return keys;
}

std::span<const pool_key> limits_keys() {
  static constexpr std::array keys{
    size_of(rules::address_space),
    key_of(rules::open_files),
    key_of(rules::cpu_time),
    size_of(rules::file_size),
    key_of(rules::user_processes),
    key_of(rules::nice),
    pool_key{"no_new_privs", flag_key{rules::of_limits<&child_limits::no_new_privs>}},
    pool_key{"core_dumps", flag_key{rules::of_limits<&child_limits::core_dumps>}},
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
