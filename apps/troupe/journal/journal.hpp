#pragma once

#include "journal/database.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// Identifies what is done for an input, whatever its number: the same in every run.
std::string content_key(const std::vector<std::string>& parts);

/// An attempt at an input, as the journal has it when it begins.
struct attempt_begin {
  std::string key{};
  std::uint64_t number = 0;
  std::size_t attempt = 1;
  std::string input{};
  std::string command{};
};

/// And when it has ended.
struct attempt_end {
  std::string outcome{}; ///< "ok", "exit", "signal", ...: the word of rules.hpp
  bool final = true;     ///< there is no further attempt at this input in this run
  int exit_code = -1;
  int signal = 0;
  std::int64_t wall_microseconds = 0;
  std::int64_t user_microseconds = 0;
  std::int64_t system_microseconds = 0;
  std::int64_t peak_kilobytes = 0;
  std::string problem{}; ///< in words, empty if all is well
  std::string left{};    ///< what it left behind
  std::string out{};     ///< files in which its output lies, if it stays in files
  std::string err{};
};

/// Output of a command that has ended, and has not been shown: its bytes, or a file that has them.
struct kept_output {
  std::int64_t attempt = 0;
  std::string input{};
  std::string out{};
  std::string err{};
  std::string out_file{};
  std::string err_file{};
};

/// What came of an input that ended well, for a run that goes on.
struct kept_result {
  std::string value{};
  bool shown = false; ///< it was written to where it cannot be taken back from
};

/// How an input ended in an earlier run.
struct earlier_end {
  std::int64_t attempt = 0;
  bool ok = false;
};

/// The attempts of all runs with one file. What has been noted is in the file, and survives the death of this process,
/// when `commit` returns; a power cut may take what ended within the last second.
///
/// For one thread. Functions throw `broken_problem`.
class journal {
public:
  /// Opens or makes it. Without `resume` it must be new. Nobody else can open it to write meanwhile.
  journal(const std::string& file, bool resume, const std::string& command_line);
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal();

  /// How an input with this key ended in an earlier run, if it did: each end is given once in a run, so an input that
  /// occurs twice is to end twice. What is given counts as done.
  std::optional<earlier_end> find_earlier(const std::string& key);
  /// The longest time that an input with this key took, in microseconds; nothing if it never ended.
  std::optional<std::int64_t> earlier_time(const std::string& key);

  std::int64_t begin(const attempt_begin& what);
  void end(std::int64_t attempt, const attempt_end& how);
  /// An earlier end is not to count any more: the input has ended anew.
  void supersede(std::int64_t attempt);

  void keep_output(const kept_output& output);
  void drop_output(std::int64_t attempt);
  /// Outputs that an earlier run did not come to show.
  std::vector<kept_output> kept_outputs();

  void keep_result(std::int64_t attempt, const std::string& value);
  std::optional<kept_result> result_of(std::int64_t attempt);
  void note_shown(std::int64_t attempt);

  void commit();
  /// The run has come to its end: "all", "halted", "drained", "ended".
  void finish(const std::string& how);

private:
  struct statements;
  void open_transaction();
  void lock(const std::string& file);
  void make_tables();

  int lock_ = -1;
  std::optional<database> database_;
  std::unique_ptr<statements> prepared_;
  std::int64_t run_ = 0;
  bool in_transaction_ = false;
  std::int64_t next_checkpoint_ = 0;
};

} // namespace troupe_cli
