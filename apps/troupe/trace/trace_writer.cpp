#include "trace/trace_writer.hpp"

#include <troupe/version.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace troupe_cli {

namespace {

using nlohmann::ordered_json;

// In microseconds:
constexpr std::int64_t least_time_between_counts = 1'000;
constexpr std::int64_t time_between_flushes = 1'000'000;

std::string text_of(const ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The wall's time at the beginning, and what the clock of the trace said then.
std::string head() {
  using namespace std::chrono;
  const auto wall = system_clock::now();
  const auto seconds = system_clock::to_time_t(wall);
  const auto rest = duration_cast<microseconds>(wall - system_clock::from_time_t(seconds)).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>(rest));
  const ordered_json about{{"recorded_by", std::string("troupe ") + TROUPE_VERSION_STRING},
    {"began", std::string(text) + fraction}, {"began_at", trace_time()}};
  return R"({"displayTimeUnit":"ms","otherData":)" + text_of(about) + R"(,"traceEvents":[)";
}

ordered_json event(const char* phase, pid_t pid, const std::string& name) {
  return {{"ph", phase}, {"pid", pid}, {"name", name}};
}

ordered_json metadata(const char* what, pid_t pid, const ordered_json& arguments) {
  auto one = event("M", pid, what);
  one["args"] = arguments;
  return one;
}

ordered_json object_of(const trace_arguments& arguments) {
  auto result = ordered_json::object();
  for (const auto& [key, value] : arguments)
    std::visit([&, &name = key](const auto& one) { result[name] = one; }, value);
  return result;
}

} // namespace

std::int64_t trace_time() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::steady_clock::now().time_since_epoch())
    .count();
}

trace_writer::trace_writer(const std::string& path)
  : file_(path, head()) {}

void trace_writer::name_process(pid_t pid, const std::string& name, std::int64_t order) {
  const std::scoped_lock lock(mutex_);
  auto& known = processes_[pid];
  if (known.name == name && known.order == order)
    return;
  known.name = name;
  known.order = order;
  file_.add(text_of(metadata("process_name", pid, {{"name", name}})));
  file_.add(text_of(metadata("process_sort_index", pid, {{"sort_index", order}})));
}

void trace_writer::forget_process(pid_t pid) {
  const std::scoped_lock lock(mutex_);
  processes_.erase(pid);
}

// Slices come in the order in which they end. One is free for what began after the last slice of it has ended.
std::size_t trace_writer::lane_for(pid_t pid, const trace_slice& what) {
  auto& lanes = processes_[pid].lanes;
  std::size_t lane = 0;
  while (lane < lanes.size() && lanes[lane] > what.began)
    ++lane;
  if (lane == lanes.size()) {
    lanes.push_back(0);
    auto name = metadata("thread_name", pid, {{"name", "lane " + std::to_string(lane + 1)}});
    name["tid"] = lane + 1;
    file_.add(text_of(name));
  }
  lanes[lane] = what.began + what.ran;
  return lane + 1;
}

void trace_writer::slice(const trace_slice& what) {
  const std::scoped_lock lock(mutex_);
  auto one = event("X", what.pid, what.name);
  one["cat"] = what.category;
  one["tid"] = lane_for(what.pid, what);
  one["ts"] = what.began;
  one["dur"] = what.ran;
  one["args"] = object_of(what.arguments);
  file_.add(text_of(one));
  ++slices_;
  if (const auto end = what.began + what.ran; end - flushed_at_ >= time_between_flushes) {
    file_.flush();
    flushed_at_ = end;
  }
}

void trace_writer::instant(
  pid_t pid, std::int64_t at, const std::string& name, const trace_arguments& arguments) {
  const std::scoped_lock lock(mutex_);
  auto one = event("i", pid, name);
  one["tid"] = 1;
  one["ts"] = at;
  one["s"] = "p"; // of the process
  one["args"] = object_of(arguments);
  file_.add(text_of(one));
}

void trace_writer::count(pid_t pid, std::int64_t at, const std::string& name, std::int64_t value) {
  const std::scoped_lock lock(mutex_);
  const auto [found, is_new] = counters_.try_emplace({pid, name});
  auto& what = found->second;
  what.latest = {value, std::max(at, what.latest.at)};
  if (is_new || (what.written.value != value &&
                  what.latest.at - what.written.at >= least_time_between_counts))
    write(found->first, what);
}

void trace_writer::write(const counter_key& of, counter& what) {
  what.written = what.latest;
  auto one = event("C", of.first, of.second);
  one["ts"] = what.latest.at;
  one["args"] = {{"tasks", what.latest.value}};
  file_.add(text_of(one));
}

std::size_t trace_writer::slices() const {
  const std::scoped_lock lock(mutex_);
  return slices_;
}

bool trace_writer::is_broken() const {
  const std::scoped_lock lock(mutex_);
  return !file_.problem().empty();
}

void trace_writer::flush() {
  const std::scoped_lock lock(mutex_);
  file_.flush();
}

void trace_writer::finish() {
  const std::scoped_lock lock(mutex_);
  for (auto& [of, what] : counters_)
    if (what.latest.value != what.written.value)
      write(of, what);
  file_.finish();
}

} // namespace troupe_cli
