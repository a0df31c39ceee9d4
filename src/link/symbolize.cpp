#include "link/symbolize.hpp"

#include "link/image.hpp"

#include <troupe/proxy_exception.hpp>

#define BACKWARD_HAS_DW 1
#include <backward.hpp>

#include <cstdio>
#include <mutex>

namespace troupe {

namespace link {

namespace {

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string describe(const backward::ResolvedTrace& trace, const code_location& place) {
  std::string text = trace.object_function.empty() ? "?" : trace.object_function;
  if (!trace.source.function.empty())
    text = trace.source.function;
  if (!trace.source.filename.empty())
    text += " at " + trace.source.filename + ":" + std::to_string(trace.source.line);
  else
    text += " + " + hex(place.offset);
  return text;
}

bool is_entry_of_task(const std::string& function) {
  return function.find("troupe::detail::thunks<") != std::string::npos
         || function.find("troupe::child::") != std::string::npos;
}

} // namespace

std::string symbolize(const std::vector<code_location>& frames) {
  static std::mutex mutex; // libdw is not thread-safe
  const std::lock_guard lock(mutex);
  backward::TraceResolver resolver;
  std::string text;
  std::size_t shown = 0;
  for (const auto& place : frames) {
    std::string line;
    const auto address = address_of(place);
    if (!address) {
      line = "? (module " + hex(place.module) + " + " + hex(place.offset) + ")";
    } else {
      const backward::Trace trace(reinterpret_cast<void*>(*address), shown);
      const auto resolved = resolver.resolve(backward::ResolvedTrace(trace));
      if (is_entry_of_task(resolved.object_function))
        break;
      for (auto inlined = resolved.inliners.rbegin(); inlined != resolved.inliners.rend(); ++inlined)
        text += "#" + std::to_string(shown++) + " " + inlined->function + " at " + inlined->filename
                + ":" + std::to_string(inlined->line) + " (inlined)\n";
      line = describe(resolved, place);
    }
    text += "#" + std::to_string(shown++) + " " + line + "\n";
  }
  return text;
}

} // namespace link

std::string proxy_exception::traceback() const {
  return link::symbolize(report_->frames);
}

std::string child_lost::traceback() const {
  return link::symbolize(exit_->frames);
}

} // namespace troupe
