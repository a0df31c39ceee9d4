#pragma once

#include "journal/journal.hpp"

#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe_cli {

/// An item of a run that has a journal.
struct noted_item {
  enum class state { begun, done_before, failed_before }; ///< the last two: in an earlier run

  state is = state::begun;
  std::int64_t attempt = 0;
  std::int64_t instead_of = 0; ///< an attempt that failed in an earlier run; 0: none
  kept_result result{};        ///< of what was done before
};

/// Whether a failure means that the item was not to be done any more, since the pool was terminated, or has given up: such
/// an item has not ended.
bool is_pool_failure(const std::exception_ptr& failure);

/// The journal of items that have results: how they ended, and what came of them. Thread-safe. Functions throw
/// `broken_problem`.
class item_journal {
public:
  /// As `journal`. `retry_failed`: items that have failed are not taken for ended.
  item_journal(
    const std::string& file, bool resume, bool retry_failed, const std::string& command_line);

  /// An item begins, unless an earlier run has brought it to its end. It is known by what is done, in words, with the
  /// bytes of the module if there is one, and by its value; `label` says what is done in one word. One that has failed and is
  /// to be tried again begins.
  noted_item begin(std::vector<std::string> what, const std::string& module, std::uint64_t number,
    const std::string& value, const std::string& label);
  void end_well(const noted_item& one, const std::string& result, std::int64_t microseconds);
  /// `problem`: the failure in words. Notes nothing if that `is_pool_failure`.
  void end_badly(
    const noted_item& one, const std::exception_ptr& failure, const std::string& problem);
  void note_shown(const std::vector<std::int64_t>& attempts);
  void commit();
  /// As `journal::finish`.
  void finish(const std::string& how);

private:
  const std::string& content_of(const std::string& module);
  void supersede(const noted_item& one);

  std::mutex mutex_;
  journal journal_;
  bool retry_failed_;
  std::map<std::string, std::string> modules_; // by path: what identifies the content
};

} // namespace troupe_cli
