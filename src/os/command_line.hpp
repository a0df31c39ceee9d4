#pragma once

#include <string>
#include <vector>

namespace troupe::os {

/// The command line by which this process was started, as the kernel has it: also if it was started through the
/// dynamic loader. Empty if that cannot be read.
std::vector<std::string> command_line();

/// From now on this is the command line: of a process that was forked, and runs with other arguments than the one that was
/// started. Before there are other threads.
void replace_command_line(std::vector<std::string> arguments);

/// The file to execute for this program to be started again: the kernel's link to it, which holds also when the file
/// has been replaced; or the file's path, where something else has been executed that runs the program (valgrind).
std::string program_file();

} // namespace troupe::os
