#pragma once

#include <troupe/callback.hpp>
#include <troupe/detail/compiler.hpp>

#include <string>
#include <string_view>

#include <sys/types.h>

#pragma GCC visibility push(default)

/// What children tell their parent beside the outcomes of their tasks: progress, findings, failed assertions
/// (troupe/testing).
///
///     void import(std::string file) { // runs in a child
///       ...
///       troupe::this_child::report("import.progress", file + ": 40 %");
///     }
///
///     troupe::on_report("import.progress", [](const troupe::report& said) { show(said.pid, said.text); });
namespace troupe {

/// What a child says.
struct report {
  std::string_view topic;
  /// As the child wrote it: any bytes. Escape it before it is shown on a terminal.
  std::string_view text;
  pid_t pid = 0; ///< of the child
};

/// Has each report of that topic, of any child of this process, handed to `handler`, in place of the one before;
/// an empty one takes it away. Reports that nobody wants are dropped. It is called on the event loop's thread, which
/// it must not hold up; what it throws is logged. The reports of one child come in the order in which they were
/// made, and before the outcome of the task that made them. Thread-safe; may be called before there is a runtime.
void on_report(std::string topic, callback<const report&> handler);

namespace this_child {

/// Sends a report to the parent. Does not wait. Throws `std::logic_error` outside of a child, and `encode_error` if
/// topic or text are larger than 1 MiB. Thread-safe.
void report(std::string_view topic, std::string_view text);

} // namespace this_child
} // namespace troupe

#pragma GCC visibility pop
