#include "os/symbolize.hpp"

#include "base/escape.hpp"
#include "base/hex.hpp"
#include "base/limits.hpp"
#include "os/image.hpp"
#include "os/library_frames.hpp"
#include "os/module_symbols.hpp"
#include "os/noted_modules.hpp"

#include <troupe/pool_events.hpp>
#include <troupe/proxy_exception.hpp>
#include <troupe/snapshot.hpp>

#define BACKWARD_HAS_DW 1
#include <backward.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace troupe {

namespace os {

namespace {

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
                              ? " " + text_of_place(place)
                              : " at " + line.file + ":" + std::to_string(line.line);
  return base::escape((line.function.empty() ? "?" : line.function) + where);
}

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;)
    text.insert(at -= 3, ",");
  return text;
}

/// The lines of a trace. Frames of libraries that call back are folded, unless they are the innermost.
class trace_text {
public:
  void show(const source_line& line, const code_location& place) {
    const auto library = number_ == 0 ? std::string_view() : library_of(line.function);
    if (!library.empty()) {
      if (library != folded_)
        end_fold();
      folded_ = library;
      ++folded_frames_;
      ++number_;
      return;
    }
    show(describe(line, place));
  }

  void show(const std::string& line) {
    end_fold();
    text_ += "#" + std::to_string(number_++) + " " + line + "\n";
  }

  void show_repeats(std::uint64_t offset) {
    end_fold();
    const auto times = offset & ((std::uint64_t{1} << repeat_bits) - 1);
    const auto frames = offset >> repeat_bits;
    text_ += "   ... " + with_commas(times) + " more of the same";
    if (frames > 1)
      text_ += " " + std::to_string(frames) + " frames";
    text_ += "\n";
    number_ += times * frames;
  }

  std::string finish() {
    end_fold();
    return std::move(text_);
  }

private:
  void end_fold() {
    if (folded_frames_ > 0)
      text_ += "   ... " + std::to_string(folded_frames_) +
               (folded_frames_ == 1 ? " frame of " : " frames of ") + std::string(folded_) + "\n";
    folded_frames_ = 0;
  }

  std::string text_;
  std::uint64_t number_ = 0; // of the next frame
  std::string_view folded_;
  std::size_t folded_frames_ = 0;
};

std::mutex& libdw_mutex() { // it is not thread-safe
  static std::mutex mutex;
  return mutex;
}

} // namespace

std::string name_of_function(const code_location& place) {
  const std::lock_guard lock(libdw_mutex());
  const auto address = address_of(place);
  if (!address) {
    const auto known = find_noted_module(place.module);
    const auto name = known ? find_in_file(*known, place.offset).function : std::string();
    return name.empty() ? "? " + base::escape(text_of_place(place)) : base::escape(name);
  }
  backward::TraceResolver resolver;
  const backward::Trace trace(reinterpret_cast<void*>(*address), 0);
  const auto resolved = resolver.resolve(backward::ResolvedTrace(trace));
  const auto& name =
    resolved.object_function.empty() ? resolved.source.function : resolved.object_function;
  return name.empty() ? "? + " + base::hex(place.offset) : base::escape(name);
}

namespace {

std::vector<source_line> lines_of(const code_location& place, backward::TraceResolver& resolver) {
  if (const auto address = address_of(place)) {
    const backward::Trace trace(reinterpret_cast<void*>(*address), 0);
    return lines_of(resolver.resolve(backward::ResolvedTrace(trace)));
  }
  const auto known = find_noted_module(place.module);
  if (!known)
    return {{}};
  auto found = find_in_file(*known, place.offset);
  return {{std::move(found.function), std::move(found.file),
    static_cast<std::uint64_t>(std::max(found.line, 0))}};
}

} // namespace

std::string symbolize(const std::vector<code_location>& frames) {
  const auto end = std::chrono::steady_clock::now() + limits::symbol_patience;
  const std::lock_guard lock(libdw_mutex());
  backward::TraceResolver resolver;
  trace_text text;
  for (const auto& place : frames) {
    if (place.module == no_module) {
      text.show(base::hex(place.offset) + ", where there is no code");
    } else if (place.module == repeated_frames) {
      text.show_repeats(place.offset);
    } else if (std::chrono::steady_clock::now() > end) {
      text.show(base::escape("? " + text_of_place(place)));
    } else {
      for (const auto& line : lines_of(place, resolver)) {
        if (is_entry_of_task(line))
          return text.finish();
        text.show(line, place);
      }
    }
  }
  return text.finish();
}

} // namespace os

std::string proxy_exception::traceback() const {
  return os::symbolize(report_->frames);
}

std::string task_failure::traceback() const {
  return os::symbolize(stack);
}

std::string task_stopped::traceback() const {
  return os::symbolize(stack());
}

std::string task_slow::traceback() const {
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
