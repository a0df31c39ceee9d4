#include "each/work.hpp"

#include "each/child_side.hpp"

#include "command/shell_text.hpp"
#include "journal/journal.hpp"
#include "text/terminal_text.hpp"

#include <troupe/pool.hpp>

namespace troupe_cli {

namespace {

constexpr std::size_t most_name_bytes = 80;

} // namespace

command_work::command_work(child_settings settings)
  : settings_(std::move(settings)) {
  const auto& words = settings_.form.words;
  name_ = settings_.form.shell && !words.empty() ? words.back() : shell_line(words);
  name_ = text::printable(name_.substr(0, most_name_bytes));
}

void command_work::set_up(troupe::pool_options& options) const {
  options.initializer = troupe::call(set_up_child, settings_);
}

troupe::task_future<input_end> command_work::begin(troupe::pool& on, const input_job& job) const {
  return on.apply(troupe::task_options{.name = name_}, run_input, job);
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
