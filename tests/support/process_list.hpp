#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

/// Which threads and processes there are.
namespace troupe::test {

/// The threads of a process, without the one that the thread sanitizer has for itself.
std::vector<pid_t> threads_of(pid_t pid);
/// Processes that live and have that in the environment with which they were executed: "NAME=VALUE". One that was only
/// forked has that of the process that forked it.
std::vector<pid_t> processes_with(const std::string& entry);
/// 0 if there is no such process.
pid_t parent_of(pid_t pid);

} // namespace troupe::test
