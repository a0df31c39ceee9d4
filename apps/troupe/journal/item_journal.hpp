#pragma once

#include "journal/journal.hpp"

#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// An item that an earlier run has brought to its end.
struct earlier_item {
  std::int64_t attempt = 0;
  bool ok = false;
  kept_result result{}; ///< if it is ok
};

/// The journal of items that have results: how they ended, and what came of them. Thread-safe. Functions throw
/// `broken_problem`.
class item_journal {
public:
  /// As `journal`. `retry_failed`: items that have failed are not taken for ended.
  item_journal(
    const std::string& file, bool resume, bool retry_failed, const std::string& command_line);

  /// What identifies an item in every run: what is done, in words, with the bytes of the module if there is one, and the
  /// item.
  std::string key_of(
    std::vector<std::string> what, const std::string& module, const std::string& value);

  /// An item with this key that has ended, as `journal::find_earlier`; one that has failed and is to be tried again is
  /// none, and `failed_before` is set to it.
  std::optional<earlier_item> find(const std::string& key, std::int64_t& failed_before);
  std::int64_t begin(const attempt_begin& what);
  void end_well(std::int64_t attempt, const std::string& result, std::int64_t microseconds);
  /// `problem`: the failure in words.
  void end_badly(
    std::int64_t attempt, const std::exception_ptr& failure, const std::string& problem);
  void supersede(std::int64_t attempt);
  void note_shown(const std::vector<std::int64_t>& attempts);
  void commit();
  /// As `journal::finish`.
  void finish(const std::string& how);

private:
  const std::string& content_of(const std::string& module);

  std::mutex mutex_;
  journal journal_;
  bool retry_failed_;
  std::map<std::string, std::string> modules_; // by path: what identifies the content
};

} // namespace troupe_cli
