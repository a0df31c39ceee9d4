#pragma once

#include "test/framework.hpp"

#include <string>

namespace troupe_cli::test {

/// What can be said of a program from its file, without running it.
struct program_facts {
  test::framework framework = framework::plain;
  bool sanitized = false; ///< it has a sanitizer's runtime
  /// It can be executed once and forked for each test: it calls `troupe::testing::fork_tests`, and writes no profile that
  /// names one process.
  bool forks_tests = false;
  std::string problem{}; ///< why it cannot be run at all, empty if it can: a clause for "NAME: ..."
};

/// Reads an ELF file: which libraries it needs and which strings it has, as each framework has some of its own. What
/// is no ELF file, such as a script, is a plain program if it may be executed.
program_facts recognise(const std::string& path);

/// A word that differs if the file is another one, or was written to; empty if there is none.
std::string stamp_of(const std::string& path);

} // namespace troupe_cli::test
