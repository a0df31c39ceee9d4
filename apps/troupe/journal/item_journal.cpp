#include "journal/item_journal.hpp"

#include "problems.hpp"

#include <troupe/errors.hpp>

#include <fstream>
#include <iterator>

namespace troupe_cli {

namespace {

attempt_end how_it_failed(const std::exception_ptr& failure, const std::string& problem) {
  attempt_end how{.outcome = "failed", .problem = problem};
  try {
    std::rethrow_exception(failure);
  } catch (const troupe::child_lost& lost) {
    how.outcome = lost.exit().signal != 0 ? "signal" : "lost";
    how.signal = lost.exit().signal;
  } catch (const troupe::task_timeout&) {
    how.outcome = "timeout";
  } catch (...) {
    // It threw.
  }
  return how;
}

} // namespace

item_journal::item_journal(
  const std::string& file, bool resume, bool retry_failed, const std::string& command_line)
  : journal_(file, resume, command_line)
  , retry_failed_(retry_failed) {}

const std::string& item_journal::content_of(const std::string& module) {
  auto& content = modules_[module];
  if (content.empty() && !module.empty()) {
    std::ifstream in(module, std::ios::binary);
    content = content_key({{std::istreambuf_iterator<char>(in), {}}});
  }
  return content;
}

std::string item_journal::key_of(
  std::vector<std::string> what, const std::string& module, const std::string& value) {
  const std::lock_guard lock(mutex_);
  what.push_back(content_of(module));
  what.push_back(value);
  return content_key(what);
}

std::optional<earlier_item> item_journal::find(
  const std::string& key, std::int64_t& failed_before) {
  const std::lock_guard lock(mutex_);
  const auto end = journal_.find_earlier(key);
  if (!end)
    return std::nullopt;
  if (end->ok) {
    if (auto result = journal_.result_of(end->attempt))
      return earlier_item{end->attempt, true, std::move(*result)};
    return std::nullopt; // something else has written that: it is done here
  }
  if (!retry_failed_)
    return earlier_item{end->attempt, false, {}};
  failed_before = end->attempt;
  return std::nullopt;
}

std::int64_t item_journal::begin(const attempt_begin& what) {
  const std::lock_guard lock(mutex_);
  return journal_.begin(what);
}

void item_journal::end_well(
  std::int64_t attempt, const std::string& result, std::int64_t microseconds) {
  const std::lock_guard lock(mutex_);
  journal_.end(attempt, {.outcome = "ok", .wall_microseconds = microseconds});
  journal_.keep_result(attempt, result);
}

void item_journal::end_badly(
  std::int64_t attempt, const std::exception_ptr& failure, const std::string& problem) {
  const auto how = how_it_failed(failure, problem);
  const std::lock_guard lock(mutex_);
  journal_.end(attempt, how);
}

void item_journal::supersede(std::int64_t attempt) {
  const std::lock_guard lock(mutex_);
  journal_.supersede(attempt);
}

void item_journal::note_shown(const std::vector<std::int64_t>& attempts) {
  const std::lock_guard lock(mutex_);
  for (const auto attempt : attempts)
    journal_.note_shown(attempt);
}

void item_journal::commit() {
  const std::lock_guard lock(mutex_);
  journal_.commit();
}

void item_journal::finish(const std::string& how) {
  const std::lock_guard lock(mutex_);
  journal_.finish(how);
}

} // namespace troupe_cli
