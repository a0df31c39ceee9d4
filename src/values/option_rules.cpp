#include "values/option_rules.hpp"

#include <stdexcept>
#include <string>

namespace troupe::detail {

namespace {

constexpr count_rule counts[] = {option_rules::processes, option_rules::childconcurrency,
  option_rules::queuecount, option_rules::maxtasksperchild, option_rules::maxmemoryperchild,
  option_rules::spares, option_rules::max_queue, option_rules::intensity,
  option_rules::start_attempts, option_rules::address_space, option_rules::open_files,
  option_rules::file_size, option_rules::user_processes, option_rules::nice};

constexpr time_rule times[] = {option_rules::maxageperchild, option_rules::start_timeout,
  option_rules::shutdown_timeout, option_rules::cancel_grace, option_rules::slow_after,
  option_rules::period, option_rules::backoff, option_rules::give_up_after, option_rules::cpu_time};

std::string text_of(std::size_t count) {
  return std::to_string(count);
}

std::string text_of(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

// `owner`: whose option it is.
template <class Rule, class Value>
void check_range(const char* owner, const Rule& rule, Value value) {
  if (value < rule.least || value > rule.most)
    throw std::invalid_argument(std::string(owner) + " option " + std::string(rule.name) + " is " +
                                text_of(value) + ", but must be " + text_of(rule.least) + " to " +
                                text_of(rule.most));
}

void check_call(const char* owner, const char* name, const bound_call& call) {
  if (call && call.code().kind != call_kind::plain)
    throw std::invalid_argument(std::string(owner) + " option " + name +
                                " must be a plain function: it is called before the child's event "
                                "loop serves coroutines");
}

} // namespace

problem_of_text problem_of_directory(const std::string& path) {
  if (path.find('\0') != std::string::npos)
    return "must not contain NUL";
  if (!path.empty() && path.front() != '/')
    return "must be an absolute path";
  return std::nullopt;
}

problem_of_text problem_of_variable(const std::string& pattern) {
  if (pattern.empty() || pattern.find_first_of(std::string("=\0", 2)) != std::string::npos)
    return "must be names of variables, like \"PATH\" or \"LC_*\"";
  if (const auto star = pattern.find('*'); star != std::string::npos && star + 1 != pattern.size())
    return "has a \"*\" that is not at the end of a name";
  return std::nullopt;
}

namespace {

void check_text(const char* owner, const char* name, const std::string& value,
  problem_of_text (*problem_of)(const std::string&)) {
  if (const auto problem = problem_of(value))
    throw std::invalid_argument(
      std::string(owner) + " option " + name + " is \"" + value + "\", but " + *problem);
}

void check_surroundings(const char* owner, const pool_options& options) {
  if (options.environment)
    for (const auto& each : *options.environment)
      check_text(owner, "environment", each, problem_of_variable);
  check_text(owner, "working_directory", options.working_directory, problem_of_directory);
  for (const auto& each : options.writable_directories)
    check_text(owner, "writable_directories", each, problem_of_directory);
  if (options.umask && *options.umask > most_umask)
    throw std::invalid_argument(std::string(owner) + " option umask must be 0 to 0777 (octal)");
  if (options.sandbox == sandbox::none &&
      (options.sockets || !options.writable_directories.empty()))
    throw std::invalid_argument(std::string(owner) +
                                " options sockets and writable_directories are for a sandbox: set "
                                "sandbox to guarded, or leave them out");
}

} // namespace

void check_options(pool_options& options) {
  constexpr auto owner = "pool";
  for (const auto& rule : counts)
    check_range(owner, rule, rule.member(options));
  for (const auto& rule : times)
    check_range(owner, rule, rule.member(options));
  if (options.queuecount > options.processes)
    throw std::invalid_argument("queue count must be <= process count: queuecount is " +
                                std::to_string(options.queuecount) + ", processes is " +
                                std::to_string(options.processes));
  check_call(owner, "initializer", options.initializer);
  check_call(owner, "finalizer", options.finalizer);
  check_surroundings(owner, options);
}

void check_options(const process_options& options) {
  constexpr auto owner = "process";
  check_call(owner, "initializer", options.initializer);
  check_call(owner, "finalizer", options.finalizer);
  check_range(owner, option_rules::start_timeout, options.start_timeout);
  check_range(owner, option_rules::shutdown_timeout, options.shutdown_timeout);
}

} // namespace troupe::detail
