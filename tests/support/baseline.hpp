#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::test {

/// What this process has, and what it has started: what a test finds, and must leave behind as it was.
class baseline {
public:
  /// What there is now. It gives back the idle segments before, as the runtime does after a while.
  static baseline now();

  /// What there is here beyond `before`, a line each; empty if there is nothing. What a runtime keeps as long as it
  /// lives, once it has had a pool, is no excess: the threads of the launchers, those which find the names of stacks
  /// and write the log, and the zygotes with their descriptors.
  std::vector<std::string> excess_over(const baseline& before) const;

private:
  struct process {
    pid_t parent = 0;
    std::string name;
    std::string state;
    bool zygote = false;
  };

  std::map<int, std::string> descriptors_;    // what each of them is
  std::map<pid_t, std::string> threads_;      // their names
  std::map<pid_t, process> processes_;        // children, zombies too, and whatever has the mark
  std::map<std::string, std::size_t> memory_; // mapped files of memory, by name
  std::size_t heap_ = 0;                      // bytes in use
};

/// What a test has just made, that following tests use as well, and that stays: from here on it belongs to what the test has
/// found.
void keep_for_all_tests();
/// Sets what `keep_for_all_tests` does.
void on_kept(void (*renew_baseline)());

/// Marks this process's environment, so that what it starts is known as such, whoever has become its parent. Before
/// there are threads.
void mark_environment();

} // namespace troupe::test
