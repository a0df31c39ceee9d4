#pragma once

#include <chrono>
#include <string>

namespace troupe::test {

/// Writes to stderr where everything is when a test hangs: the threads of this process with their stacks, its children
/// and what else it has started, and the pools of its runtime with their tasks and the stacks of their children. It may
/// be called once, and takes some seconds where the loop does not answer.
void report_hang(const std::string& test, std::chrono::seconds after);

} // namespace troupe::test
