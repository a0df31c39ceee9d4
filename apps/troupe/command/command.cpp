#include "command/command.hpp"

#include "text/terminal_text.hpp"

#include <troupe/errors.hpp>

namespace troupe_cli {

std::string describe(const command_end& end) {
  switch (end.cause) {
  case end_cause::not_started:
    return end.problem;
  case end_cause::timeout:
    return "timeout after " +
           std::to_string(
             std::chrono::duration_cast<std::chrono::milliseconds>(end.wall_time).count()) +
           " ms";
  case end_cause::cancelled:
    return "cancelled";
  case end_cause::itself:
    break;
  }
  return end.signal != 0 ? troupe::describe_signal(end.signal)
                         : "exit code " + std::to_string(end.exit_code);
}

std::string describe_left(const command_end& end) {
  std::string text;
  for (const auto& process : end.left)
    text += (text.empty() ? "left behind: " : ", ") + std::to_string(process.pid) + ' ' +
            text::printable(process.name);
  return text;
}

} // namespace troupe_cli
