#pragma once

#include <string>

namespace troupe_cli {

/// What a new process does before it is the command.
enum class start_step { none, descriptors, directory, limit, nice, cpus, privileges, execute };

// What is said when a command cannot be started: one printable line, with what helps. `number` is errno.

std::string not_in_path_problem(const std::string& name);
std::string zero_byte_problem(const std::string& name);
std::string input_problem(int number);
std::string output_problem(const std::string& file, int number);
std::string fork_problem(int number);
/// `resource` is that of a `limit` that was refused.
std::string step_problem(
  start_step step, int resource, int number, const std::string& file, const std::string& directory);

} // namespace troupe_cli
