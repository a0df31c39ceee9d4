#include "journal/item_journal.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/errors.hpp>

#include <fstream>
#include <iterator>

namespace troupe_cli {

namespace {

constexpr std::size_t noted_bytes = 200; // of an item

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

bool is_pool_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const troupe::pool_failed&) {
    return true;
  } catch (const troupe::pool_closed&) {
    return true;
  } catch (const troupe::task_cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

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

noted_item item_journal::begin(std::vector<std::string> what, const std::string& module,
  std::uint64_t number, const std::string& value, const std::string& label) {
  const std::lock_guard lock(mutex_);
  what.push_back(content_of(module));
  what.push_back(value);
  const auto key = content_key(what);
  noted_item one;
  if (const auto end = journal_.find_earlier(key)) {
    one.attempt = end->attempt;
    if (!end->ok && !retry_failed_) {
      one.is = noted_item::state::failed_before;
      return one;
    }
    if (!end->ok) {
      one.instead_of = end->attempt;
    } else if (auto result =
                 journal_.result_of(end->attempt)) { // else something else has written that
      one.is = noted_item::state::done_before;
      one.result = std::move(*result);
      return one;
    }
  }
  one.attempt = journal_.begin({.key = key,
    .number = number,
    .input = text::printable(value.substr(0, noted_bytes)),
    .command = text::printable(label)});
  return one;
}

void item_journal::end_well(
  const noted_item& one, const std::string& result, std::int64_t microseconds) {
  const std::lock_guard lock(mutex_);
  journal_.end(one.attempt, {.outcome = "ok", .wall_microseconds = microseconds});
  journal_.keep_result(one.attempt, result);
  supersede(one);
}

void item_journal::end_badly(
  const noted_item& one, const std::exception_ptr& failure, const std::string& problem) {
  if (is_pool_failure(failure))
    return;
  const auto how = how_it_failed(failure, problem);
  const std::lock_guard lock(mutex_);
  journal_.end(one.attempt, how);
  supersede(one);
}

void item_journal::supersede(const noted_item& one) {
  if (one.instead_of != 0)
    journal_.supersede(one.instead_of);
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
