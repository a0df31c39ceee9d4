#pragma once

#include "values/option_rules.hpp"

#include <troupe/config.hpp>
#include <troupe/pool_options.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::detail {

struct pool_key;

/// A count of bytes: a string with a unit.
struct size_key {
  count_rule rule;
};

/// The name of a built-in scheduler.
struct scheduler_key {};

/// One of some words.
struct choice_key {
  std::string_view what; ///< in messages, "unknown WHAT"
  std::span<const std::string_view> (*words)();
  void (*choose)(pool_options&, std::size_t index);
};

/// A call of a named task.
struct call_key {
  bound_call& (*member)(pool_options&);
};

/// Yes or no.
struct flag_key {
  bool& (*member)(pool_options&);
};

/// An absolute path.
struct directory_key {
  std::string& (*member)(pool_options&);
};

/// Absolute paths.
struct directories_key {
  std::vector<std::string>& (*member)(pool_options&);
};

/// Names of variables of the environment.
struct variables_key {};

/// A number with octal digits, as a string.
struct umask_key {};

/// A table.
struct group_key {
  std::span<const pool_key> (*keys)();
};

/// A key of a `[pool.NAME]` table, and where its value goes.
struct pool_key {
  std::string_view name;
  std::variant<count_rule, time_rule, size_key, flag_key, scheduler_key, choice_key, call_key,
    directory_key, directories_key, variables_key, umask_key, group_key>
    kind;
  change_effect change =
    change_effect::restart; ///< what it takes for another value to be in force; of a pool's keys
};

/// All keys of `[pool.NAME]`.
std::span<const pool_key> pool_keys();

/// All keys of `[pool.NAME.restart]`.
std::span<const pool_key> restart_keys();

/// All keys of `[pool.NAME.limits]`.
std::span<const pool_key> limits_keys();

/// The schedulers that a configuration file can name.
std::span<const std::string_view> scheduler_names();

/// Makes the scheduler of that place in `scheduler_names`.
std::shared_ptr<scheduler> (*scheduler_factory(std::size_t index))();

} // namespace troupe::detail
