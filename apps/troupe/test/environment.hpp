#pragma once

#include "test/plan.hpp"

#include <string>
#include <vector>

namespace troupe_cli::test {

/// "NAME=VALUE" for a process of a program: the place it runs in, and the variables by which processes would overwrite
/// each other's files of coverage and profiles, so that they do not.
std::vector<std::string> environment_of(
  const program& which, const test_settings& settings, unsigned slot);

/// Names of variables that it must not see: those by which its framework would select or report otherwise.
std::vector<std::string> environment_without(const program& which, const test_settings& settings);

/// A pattern for raw profiles of Clang in which each process has a file of its own; `value` is what is there, or empty.
std::string profile_pattern(std::string value);

} // namespace troupe_cli::test
