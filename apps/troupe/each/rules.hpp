#pragma once

#include "command/command.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace troupe_cli {

/// How one attempt at an input has ended.
enum class outcome {
  ok,
  exit_code,   ///< another than 0
  signal,      ///< one that troupe had not sent
  timeout,     ///< it took too long
  not_started, ///< the command could not be started
  lost,        ///< the child that ran it died
  cancelled,   ///< troupe ended it: at the end of the run, or for want of memory
};

/// The word for it in the journal: "ok", "exit", "signal", "timeout", "start", "lost", "cancelled".
const char* word_of(outcome what);
outcome outcome_of(const command_end& end);

/// When an input that has failed is tried again. Of each cause, a number of further attempts.
class retry_rules {
public:
  /// "3": so often whatever the cause; "timeout=2,exit:75=5,signal=1": by cause, where `exit:CODE` goes before `exit`.
  /// Causes: exit, exit:CODE, signal, timeout, start, lost. Throws `usage_problem`.
  static retry_rules parse(std::string_view text);

  /// Whether an input that has failed so, at this attempt (from 1), is tried again.
  bool again(outcome what, int exit_code, std::size_t attempt) const;

  bool empty() const noexcept { return by_cause_.empty(); }

private:
  std::map<std::string, std::size_t, std::less<>> by_cause_;
};

/// When a run ends before its inputs do.
class halt_rule {
public:
  enum class manner {
    never,
    soon, ///< start nothing more
    now,  ///< and end what runs
  };

  /// "soon,fail=1", "now,fail=10%". Throws `usage_problem`.
  static halt_rule parse(std::string_view text);

  manner how() const noexcept { return how_; }
  /// A percentage is one of the inputs that have ended, and counts once there are three.
  bool reached(std::size_t failed, std::size_t ended) const noexcept;

private:
  manner how_ = manner::never;
  std::size_t limit_ = 0;
  bool percent_ = false;
};

} // namespace troupe_cli
