#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/task_registry.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {

/// What a file says of a pool. A scheduler must not be shared, so it is made for each use.
struct configured_pool {
  pool_options options;
  std::shared_ptr<scheduler> (*make_scheduler)() = nullptr; // null: the default
};

} // namespace detail

/// A value that troupe leaves to the program: an entry of an `[app.NAME]` table.
struct app_setting {
  scalar value;
  /// "file:line:column" of the entry, for error messages.
  std::string where;
};

/// The contents of a configuration file. An immutable value.
class config {
public:
  /// The names of the `[pool.NAME]` tables, sorted.
  std::vector<std::string> pool_names() const;

  /// The options of `[pool.NAME]`, with `pool_options::name` set to `name`, and with a scheduler of their
  /// own, if the file names one: get them anew for each pool.
  /// Throws `config_error` ("file: problem") if there is no such table; the message has the nearest name
  /// there is.
  pool_options pool(std::string_view name) const;

  /// The entries of `[app.NAME]`; empty if there is no such table.
  const std::map<std::string, app_setting>& app(std::string_view name) const;

private:
  friend config load_config(const std::filesystem::path& path, const task_registry& tasks);

  std::string file_;
  std::map<std::string, detail::configured_pool, std::less<>> pools_;
  std::map<std::string, std::map<std::string, app_setting>, std::less<>> apps_;
};

/// Reads a TOML file (https://toml.io/en/v1.0.0) of at most 1 MiB.
///
/// `[pool.NAME]` takes the scalar members of `pool_options` by name. Durations are strings with a unit:
/// "250ms", "30s", "5m", "1h". `scheduler` is the name of a built-in one. `initializer` and `finalizer` are
/// calls of functions that have names in `tasks`: the name, or an array of the name and the arguments, as in
/// `initializer = ["connect", "db.example", 5432]`. `[app.NAME]` is for the program's own settings:
/// scalars, which troupe reads but does not interpret.
///
/// Throws `config_error` for whatever is wrong with it, with one line per problem, in the order of the
/// file: "file:line:column: key: problem", and for an unknown key the nearest valid one. What is wrong
/// with the file as a whole (it is missing, a directory, too large) has no line. No child is started.
config load_config(const std::filesystem::path& path, const task_registry& tasks = {});

} // namespace troupe

#pragma GCC visibility pop
