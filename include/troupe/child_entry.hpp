#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

namespace troupe {

/// Where children begin, if that is not to be where the `runtime` is made. For programs whose runtime is made
/// late, by a library, or only if something needs it:
///
///     int main(int argc, char** argv) {
///       troupe::child_entry(argc, argv); // a child never returns from here
///       ...                              // the parent only: options, ports, threads
///       troupe::runtime rt;              // anywhere, at any time
///
/// In a child, what stands before this has run, and what follows does not run; in the parent it returns at
/// once. A program that has neither this nor a `runtime` on a child's way through `main` cannot have
/// children: its pools fail with `start_failed`, and the message says so.
///
/// `argc` and `argv` are what `main` was given. Children get the command line of the process, as the kernel
/// has it, so a subcommand may pass `argc - 1, argv + 1`.
void child_entry(int argc, char** argv);

} // namespace troupe

#pragma GCC visibility pop
