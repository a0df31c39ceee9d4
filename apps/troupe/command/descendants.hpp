#pragma once

#include "command/command.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe_cli {

/// The commands that run in this process, and how what they have started is told apart. A process whose parent has died
/// becomes a child of this one (`become_reaper`), so when the leader of a command has ended, whatever is left of it hangs
/// on children of this process that are no leaders.
///
/// For one thread: the one that starts commands.
class running_commands {
public:
  static running_commands& of_this_process();

  /// A new mark, for the environment of a command: "TROUPE_COMMAND=4711-12".
  std::string new_mark();
  /// A command is running, with this leader.
  void add(pid_t leader, const std::string& mark);
  /// Its leader has been waited for.
  void remove(pid_t leader);

  /// A child of this process that is no command, and that no command has left behind: until it is ended by this.
  void keep(pid_t process);
  void end_kept(pid_t process);

  /// Children of this process that the command has left behind. Waits for such as have ended. The leader may be
  /// waited for or not; the command must have been added.
  std::vector<pid_t> left_by(pid_t leader);

  /// Waits for children of this process that have ended and are no leaders, as init would have done.
  void reap_orphans() const;

private:
  running_commands();
  static bool runs_still(pid_t process);
  bool belongs(pid_t process, pid_t leader, const std::string& mark) const;
  bool belongs_to_another(pid_t process, const std::string& mark_of_process, pid_t leader) const;

  bool is_orphan(pid_t process) const;

  std::unordered_map<pid_t, std::string> leaders_; // to their marks
  std::unordered_set<pid_t> kept_;
  unsigned long long last_ = 0;
};

/// Throws `broken_problem` where /proc is missing, or has the numbers of another namespace of processes: what a command
/// leaves behind could not be told from the processes of others.
void check_processes_are_seen();

/// Whether this child of the process has ended: it can be waited for, or other code has done that.
bool has_ended(pid_t process);

/// What the process calls itself; empty if it is gone.
std::string name_of_process(pid_t pid);

} // namespace troupe_cli
