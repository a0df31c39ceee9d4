#include "each/work.hpp"

#include "each/child_side.hpp"

#include "command/shell_text.hpp"
#include "journal/journal.hpp"

#include <troupe/pool.hpp>

namespace troupe_cli {

void command_work::set_up(troupe::pool_options& options) const {
  options.initializer = troupe::call(set_up_child, settings_);
}

troupe::task_future<input_end> command_work::begin(troupe::pool& on, const input_job& job) const {
  return on.apply(run_input, job);
}

std::string command_work::line(const input& what) const {
  const auto words = settings_.form.expand(what, {std::to_string(what.number), "{%}"});
  return settings_.form.shell ? words.back() : shell_line(words);
}

std::string command_work::key(const input& what) const {
  // Neither number nor slot, which depend on the other inputs.
  auto parts = settings_.form.expand(what, {"{#}", "{%}"});
  parts.emplace_back();
  for (const auto& variable : settings_.common.environment)
    parts.push_back(variable);
  return content_key(parts);
}

} // namespace troupe_cli
