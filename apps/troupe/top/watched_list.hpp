#pragma once

#include "top/control_client.hpp"
#include "top/status.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli {

/// The processes that are watched, and what they said last.
class watched_list {
public:
  struct process {
    process_status now;
    std::optional<process_status> before; ///< at the earlier look
  };

  /// `which` is a pid, or the name of a program or of a pool; empty: all that can be watched.
  explicit watched_list(std::string which);

  /// Looks for processes, and asks each. One that does not answer is left out, and `problem` says why.
  void look();

  const std::map<pid_t, process>& processes() const noexcept { return processes_; }
  /// What went wrong at the latest look, or empty.
  const std::string& problem() const noexcept { return problem_; }

  /// Why a process, which was among them, is no more: "has ended".
  std::string absence(pid_t pid) const;

  /// What a process answers. Throws `std::runtime_error`.
  std::string ask(pid_t pid, const std::string& line);
  /// What it said to the latest question for its status, as it came.
  const std::string& answer_of(pid_t pid) const { return answers_.at(pid); }

private:
  bool is_meant(const process_status& status) const;
  void forget(pid_t pid, const std::string& why);

  const std::string which_;
  std::map<pid_t, control_client> clients_;
  std::map<pid_t, process> processes_;
  std::map<pid_t, std::string> answers_;
  std::set<pid_t> there_;               // of all, at the latest look
  std::map<pid_t, std::string> silent_; // of those: why they are left out
  std::string problem_;
};

} // namespace troupe_cli
