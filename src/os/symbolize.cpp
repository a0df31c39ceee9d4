#include "os/symbolize.hpp"

#include "base/escape.hpp"
#include "os/image.hpp"

#include <troupe/proxy_exception.hpp>
#include <troupe/snapshot.hpp>

#define BACKWARD_HAS_DW 1
#include <backward.hpp>

#include <cstdio>
#include <mutex>

namespace troupe {

namespace os {

namespace {

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

struct source_line {
  std::string function;
  std::string file;
  std::uint64_t line = 0;
};

// The functions that one return address stands for, innermost first: those that were inlined, and the
// one that they were inlined into. What libdw says of an inlined function is where it was called.
std::vector<source_line> lines_of(const backward::ResolvedTrace& trace) {
  std::vector<source_line> lines;
  source_line next{{}, trace.source.filename, trace.source.line};
  for (const auto& inlined : trace.inliners) {
    next.function = inlined.function;
    lines.push_back(next);
    next = {{}, inlined.filename, inlined.line};
  }
  next.function = trace.object_function.empty() ? trace.source.function : trace.object_function;
  lines.push_back(next);
  return lines;
}

// Where a task's own code ends and the code that called it begins.
bool is_entry_of_task(const source_line& line) {
  return line.function.find("troupe::detail::thunks<") != std::string::npos ||
         line.function.find("troupe::child::") != std::string::npos ||
         line.file.ends_with("troupe/detail/callable.hpp") || line.file.ends_with("/bits/invoke.h");
}

std::string describe(const source_line& line, const code_location& place) {
  const std::string where = line.file.empty()
                              ? " + " + hex(place.offset)
                              : " at " + line.file + ":" + std::to_string(line.line);
  return base::escape((line.function.empty() ? "?" : line.function) + where);
}

std::mutex& libdw_mutex() { // it is not thread-safe
  static std::mutex mutex;
  return mutex;
}

} // namespace

std::string name_of_function(const code_location& place) {
  const std::lock_guard lock(libdw_mutex());
  const auto address = address_of(place);
  if (!address)
    return "? (module " + hex(place.module) + " + " + hex(place.offset) + ")";
  backward::TraceResolver resolver;
  const backward::Trace trace(reinterpret_cast<void*>(*address), 0);
  const auto resolved = resolver.resolve(backward::ResolvedTrace(trace));
  const auto& name =
    resolved.object_function.empty() ? resolved.source.function : resolved.object_function;
  return name.empty() ? "? + " + hex(place.offset) : base::escape(name);
}

std::string symbolize(const std::vector<code_location>& frames) {
  const std::lock_guard lock(libdw_mutex());
  backward::TraceResolver resolver;
  std::string text;
  std::size_t shown = 0;
  const auto show = [&](const std::string& line) {
    text += "#" + std::to_string(shown++) + " " + line + "\n";
  };
  for (const auto& place : frames) {
    if (place.module == no_module) {
      show(hex(place.offset) + ", where there is no code");
      continue;
    }
    const auto address = address_of(place);
    if (!address) {
      show("? (module " + hex(place.module) + " + " + hex(place.offset) + ")");
      continue;
    }
    const backward::Trace trace(reinterpret_cast<void*>(*address), shown);
    for (const auto& line : lines_of(resolver.resolve(backward::ResolvedTrace(trace)))) {
      if (is_entry_of_task(line))
        return text;
      show(describe(line, place));
    }
  }
  return text;
}

} // namespace os

std::string proxy_exception::traceback() const {
  return os::symbolize(report_->frames);
}

std::string task_failure::traceback() const {
  return os::symbolize(stack);
}

std::string thread_stack::text() const {
  return os::symbolize(frames);
}

std::string task_counts::title() const {
  if (others)
    return "(others)";
  return name.empty() ? os::name_of_function(function) : base::escape(name);
}

std::string child_lost::traceback() const {
  return os::symbolize(exit_->frames);
}

} // namespace troupe
