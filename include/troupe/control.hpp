#pragma once

#include <troupe/detail/compiler.hpp>

#include <string>
#include <vector>

#include <sys/types.h>

#pragma GCC visibility push(default)

// How a runtime is watched and told what to do from outside, by other processes of the same user. `troupe top` does so.
//
// A runtime with `runtime_options::control`, or TROUPE_CONTROL=1 in its environment, listens on a Unix socket: in
// $XDG_RUNTIME_DIR/troupe, or else in /tmp/troupe-UID, which is the user's own and closed to others. Only processes of
// this user, and of root, are answered. At most 16 watchers are connected at a time. Each sends lines, of at most 4 KiB,
// and gets a line for each: JSON objects. The next line of a watcher is read when it has taken its answer, so one that
// stalls, or sends without end, holds up only itself.
//
//     {"ask": "status"}                                   what all pools are and do
//     {"ask": "stack", "pool": "1", "slot": 0}              the stacks of a child (`pool::stack_of`)
//     {"ask": "trace"}                                    all that happens in all pools, from now on
//     {"do": "recycle", "pool": "1", "slot": 0}             `pool::recycle`
//     {"do": "resize", "pool": "1", "processes": 4}         `pool::resize`
//     {"do": "drain", "pool": "1"}                          `pool::close`
//
// Every answer has "troupe": 1, the version of this protocol, which changes when something in it is renamed or removed;
// what is added does not change it. An answer with "error" says why nothing was done; one to "do" has "done": true.
// "status" answers with "version", "pid", "program", "command", and "pools", of which each has "id" (by which the lines
// above name it), the counters of `pool_snapshot` under their names, "children", "running_tasks" (the 100 that have run
// longest), "tasks" (by name) and "failures". Times are in microseconds, memory in bytes. A place in the code is
// [module, offset]; "modules" has the file of each module. Texts that come from children are escaped.
//
// "trace" is answered with a stream of lines, one for each event, until the watcher hangs up or sends anything more. The
// first has "trace": true, "pid", "program", and "steady" and "wall": the same moment by the clock of all other times of the
// stream, the steady one, and by that of the wall, since 1970. Those that follow have "event" instead of "troupe", and with
// it, but for the last three, "pool" and "pool_name":
//
//     "task"           what `task_ended` (pool_events.hpp) says: "id", "name" or "function", "items", "failed", "attempt",
//                      "end" (the name of the `task_end`), "began", "ran", "queued", and, where there is such a thing,
//                      "again": true, "type", "signal", "slot" and "pid" (if a child has begun it)
//     "child_started"  "slot", "pid", "at"; "spare": true if it waits for a slot
//     "child_ended"    "slot", "pid", "signal" or "exit_code", "at"; "died": true if it was not asked to; "reason"
//     "module"         "module" and "file", before the first function of that module
//     "missed"         "events": so many have been left out here
//     "end"            the process ends its stream in order, and nothing is missing
//
// At most 2 MiB wait for a watcher. What comes while it does not take them is left out, and counted. While nobody has such a
// stream, a task costs a look at one word more.
namespace troupe {

/// A process of this user that can be watched.
struct watched_process {
  pid_t pid = 0;
  std::string program; ///< its name, as far as a file's name can have it
  std::string socket;  ///< the path
};

/// Those that live, by their pids. Removes what dead ones have left behind. Does not throw where there is no such
/// directory, or it cannot be read: then there are none. Thread-safe.
std::vector<watched_process> watched_processes();

} // namespace troupe

#pragma GCC visibility pop
