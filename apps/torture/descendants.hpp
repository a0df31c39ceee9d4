#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

/// Which processes come from this one, whoever their parent is now: by a mark in the environment with which they, or
/// those that they were forked from, were executed.
namespace torture {

/// Executes this program anew with a mark of its own in the environment, unless it has one: what a process was executed
/// with is all that the kernel shows of its environment. Call it first in `main`; does not return then.
void mark_this_process(char** argv);

/// NAME=VALUE
std::string own_mark();

/// Processes with that mark, but this one and zombies, which have none any more.
std::vector<pid_t> marked_processes(const std::string& mark);

} // namespace torture
