#include "monitor/event_streams.hpp"

#include "monitor/module_files.hpp"
#include "monitor/trace_lines.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::monitor {

namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

} // namespace

void event_streams::add(std::shared_ptr<watcher> to) {
  streams_.push_back({std::move(to), {}});
  tap_.open(*this);
}

void event_streams::forget_closed() {
  std::erase_if(streams_, [](const stream& one) { return !one.to->is_open(); });
  if (streams_.empty())
    tap_.close();
}

void event_streams::task_ended(
  std::uint64_t pool, const std::string& name, const troupe::task_ended& what) {
  if (!has_room())
    return event_missed(); // for nobody it would have to be made
  send_all(task_line({pool, name}, what), what.name.empty() ? &what.function : nullptr);
}

void event_streams::child_started(
  std::uint64_t pool, const std::string& name, const troupe::child_started& what) {
  send_all(child_line({pool, name}, what, now()));
}

void event_streams::child_ended(
  std::uint64_t pool, const std::string& name, const troupe::child_ended& what) {
  send_all(child_line({pool, name}, what, now()));
}

void event_streams::event_missed() noexcept {
  for (auto& one : streams_)
    one.to->missed();
}

bool event_streams::has_room() const noexcept {
  return std::ranges::any_of(streams_, [](const stream& one) { return one.to->has_room(); });
}

void event_streams::send(
  stream& to, std::string_view line, const code_location* function) noexcept {
  try {
    if (!to.to->has_room()) {
      to.to->missed();
      return;
    }
    if (function == nullptr || *function == code_location{} ||
        to.known_modules.contains(function->module)) {
      to.to->stream(line);
      return;
    }
    const auto known = to.known_modules.insert(function->module).first;
    try {
      to.to->stream(module_line(function->module, module_file(function->module)).append(line));
    } catch (...) {
      to.known_modules.erase(known);
      throw;
    }
  } catch (...) { // no memory
    to.to->missed();
  }
}

void event_streams::send_all(std::string_view line, const code_location* function) noexcept {
  for (auto& one : streams_)
    send(one, line, function);
}

} // namespace troupe::monitor
