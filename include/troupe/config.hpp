#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/task_registry.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
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
  std::map<std::string, std::string, std::less<>>
    module_tasks{}; // by key, where a task of a module is called
};

class open_config;
class open_table;

} // namespace detail

/// A value that troupe leaves to the program: an entry of an `[app.NAME]` table.
struct app_setting {
  scalar value;
  /// "file:line:column" of the entry, for error messages.
  std::string where;
};

/// A value that is in force.
struct config_entry {
  std::string key;   ///< "pool.web.processes"
  std::string value; ///< as TOML writes it
  /// Where it comes from: "default", "file:line:column", the name of a variable of the environment, or "command line".
  std::string origin;

  friend bool operator==(const config_entry&, const config_entry&) = default;
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

  /// The files that `modules` names, in the order of the files, from where the file lies that names them.
  const std::vector<std::filesystem::path>& modules() const noexcept { return modules_; }

  /// All values that are in force, those of pools with their defaults, and what was read of other tables: by groups
  /// and names, in the order in which the keys are documented or were read.
  const std::vector<config_entry>& entries() const noexcept { return entries_; }

private:
  friend class detail::open_config;

  std::string file_;
  std::map<std::string, detail::configured_pool, std::less<>> pools_;
  std::map<std::string, std::map<std::string, app_setting>, std::less<>> apps_;
  std::vector<std::filesystem::path> modules_;
  std::vector<config_entry> entries_;
};

/// Reads a TOML file (https://toml.io/en/v1.0.0) of at most 1 MiB.
///
/// `[pool.NAME]` takes the scalar members of `pool_options` by name. Durations are strings with a unit:
/// "250ms", "30s", "5m", "1h". Sizes too: "512MiB", "4096B", "2GB"; 0 needs none. `scheduler` is the name of a built-in
/// one. `initializer` and `finalizer` are
/// calls of functions that have names in `tasks`: the name, or an array of the name and the arguments, as in
/// `initializer = ["connect", "db.example", 5432]`. `[app.NAME]` is for the program's own settings:
/// scalars, which troupe reads but does not interpret. `modules` is a list of shared libraries (module.hpp), which must
/// exist: children of the file's pools load them before they are ready. An initializer or finalizer that has no name in
/// `tasks` is a task of theirs then, with arguments as JSON has them; whether there is such a task a child says.
///
/// `include = ["pools/*.toml"]`, before the first table, reads other files as well: relative to the file that says
/// it, a pattern (glob(7)) in the order of the names, and none if it fits nothing. A file that includes itself, in
/// whatever way, or is included twice is an error, and so is a value that two files give.
///
/// The environment goes before the files: `TROUPE_POOL_WEB_PROCESSES=4` is `processes` of `[pool.web]`,
/// `TROUPE_POOL_WEB_RESTART_INTENSITY` is `restart.intensity`, and `TROUPE_APP_SHOP_PORT` is `port` of `[app.shop]`: in
/// capital letters, and with _ for what is neither a letter nor a digit. A value is what TOML takes it for if that is a
/// number, a flag, an array, a table or a string in quotation marks; else it is a string as it stands. Variables that
/// belong to no table of the files are left alone; a key that there is not is an error that names the variable. The
/// command line goes before the environment (`config_options::assignments`).
///
/// Throws `config_error` for whatever is wrong with it, with one line per problem, in the order of the
/// file: "file:line:column: key: problem", and for an unknown key the nearest valid one. What is wrong
/// with the file as a whole (it is missing, a directory, too large) has no line. No child is started.
config load_config(const std::filesystem::path& path, const task_registry& tasks = {});

// -- changes while a program runs ---------------------------------------------------------------------------

/// What it takes for a changed value to be in force in a program that runs.
enum class change_effect {
  live, ///< it can be applied at once: `pool::resize`
  recycle, ///< children that are started from now on have it: `pool::renew` replaces those that there are
  restart, ///< the program must be started anew, or, where the value is its own, knows what to do
};

/// A value that is another one than before.
struct config_change {
  std::string key;    ///< "pool.web.processes"
  std::string value;  ///< as TOML writes it; empty if it is gone
  std::string before; ///< empty if it was not there
  std::string pool;   ///< the name of the pool that it is of, or empty
  change_effect effect = change_effect::restart;

  friend bool operator==(const config_change&, const config_change&) = default;
};

/// What is in force in `now` and was not in `before`, in the order of the entries of `now`; then what is gone. A program that
/// is told by SIGHUP to read its file again does:
///
///     try {
///       auto now = troupe::load_config("shop.toml", tasks);
///       for (const auto& change : troupe::changes(config, now))
///         std::clog << change.key << " is now " << change.value << '\n'; // and what becomes of it
///       pool.resize(now.pool("web").processes);
///       pool.renew(now.pool("web"));
///       config = std::move(now);
///     } catch (const troupe::config_error& problem) {
///       std::clog << "the file is as it was: " << problem.what() << '\n';
///     }
std::vector<config_change> changes(const config& before, const config& now);

// -- tables of the program's own ----------------------------------------------------------------------------

/// How a `config_file` is read.
struct config_options {
  /// Functions that the file can name.
  task_registry tasks{};
  /// Groups of tables that the program reads: "job", for `[job.NAME]`. The environment has those as well,
  /// `TROUPE_JOB_NAME_KEY`.
  std::vector<std::string> groups{};
  /// What goes before the files and the environment, of tables that there are: "pool.web.processes=4". Values are
  /// written as in the environment.
  std::vector<std::string> assignments{};
  /// The whole file is the program's own: `config_file::top` reads it, and troupe nothing of it but `include`. The
  /// environment does not go before it.
  bool own = false;
};

/// One table of the program's own, `[job.NAME]`. Each value is asked for by its key, with the range that it may have and
/// what it is if the file does not say; what is wrong with it is remembered, and `config_file::finish` throws all of it
/// together, so what has been asked for is of use only then. A key that nobody has asked for is an error. A handle of
/// its `config_file`, which must outlive it; for one thread at a time.
class config_table {
public:
  /// NAME, and "job.NAME" as messages have it.
  const std::string& name() const noexcept;
  const std::string& path() const noexcept;

  /// Whether the table has the key. It is not asked for by that.
  bool has(std::string_view key) const;
  /// Whether the value of the key is a table.
  bool has_table(std::string_view key) const;
  /// The keys that it has, sorted. None of them is asked for by that.
  std::vector<std::string> keys() const;

  bool flag(std::string_view key, bool otherwise);
  std::int64_t integer(
    std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise);
  /// A float or an integer.
  double real(std::string_view key, double least, double most, double otherwise);
  /// A string; nothing if the file does not say.
  std::optional<std::string> text(std::string_view key);
  /// The place of a word among those that are valid; `what` is what messages call it, "unknown WHAT".
  std::size_t choice(std::string_view key, std::string_view what,
    std::span<const std::string_view> words, std::size_t otherwise);
  /// A string with a unit, "30s".
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds least,
    std::chrono::milliseconds most, std::chrono::milliseconds otherwise);
  /// A string with a unit, "512MiB", or 0; in bytes.
  std::uint64_t size(
    std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise);
  /// A string, or an array of strings; empty if the file does not say.
  std::vector<std::string> texts(std::string_view key);
  /// Any value, as JSON.
  std::optional<std::string> json(std::string_view key);
  /// Each element of an array as JSON; of any other value, that as the only one.
  std::optional<std::vector<std::string>> json_list(std::string_view key);
  /// A table in it; nothing if the file does not say.
  std::optional<config_table> table(std::string_view key);
  /// The tables of an array, `[[key]]`, in their order; their names are their numbers, from 1.
  std::vector<config_table> table_list(std::string_view key);

  /// Says that something is wrong with a value, or with the table as a whole if the key is empty or not there.
  /// `problem` must be printable.
  void refuse(std::string_view key, const std::string& problem);
  /// The same for a name that is not one of `names`: "unknown WHAT "..."; did you mean ...?"
  void refuse_name(std::string_view key, std::string_view what, std::string_view name,
    std::span<const std::string> names);

private:
  friend class detail::open_config;
  explicit config_table(std::shared_ptr<detail::open_table> table) noexcept
    : table_(std::move(table)) {}

  std::shared_ptr<detail::open_table> table_;
};

/// A configuration file that is being read, by those who have tables of their own in it:
///
///     troupe::config_file file("shop.toml", {.groups = {"job"}});
///     for (auto& table : file.tables("job"))
///       jobs.push_back(read_job(table));
///     const troupe::config config = file.finish(); // throws what is wrong with all of it
///
/// `load_config` says what a file may have in it. For one thread at a time.
class config_file {
public:
  /// Throws `config_error` if the file as a whole cannot be read.
  explicit config_file(const std::filesystem::path& path, const config_options& options = {});

  /// The tables of a group of `config_options::groups`, sorted by name. Must be asked for before `finish`.
  std::vector<config_table> tables(std::string_view group);

  /// The file as one table, with `config_options::own`; its name and path are empty.
  config_table top();

  /// The names of the pools, also of those with mistakes, sorted.
  std::vector<std::string> pool_names() const;
  /// The modules that are named, also if something is wrong with them or elsewhere.
  std::vector<std::filesystem::path> modules() const;
  /// The task of a module that `[pool.NAME]` calls as its `key`, `initializer` or `finalizer`; empty if it calls none.
  std::string module_task(std::string_view pool, std::string_view key) const;

  /// Says that something is wrong with a module of the file, at the place that names it, or with a key of a pool.
  void refuse_module(const std::filesystem::path& module, const std::string& problem);
  void refuse_pool(std::string_view pool, std::string_view key, const std::string& problem);

  /// What the file says. Throws `config_error` as `load_config`, with what is wrong with the tables that were read.
  config finish();

private:
  std::shared_ptr<detail::open_config> file_;
};

} // namespace troupe

#pragma GCC visibility pop
