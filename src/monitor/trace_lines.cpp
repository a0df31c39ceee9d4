#include "monitor/trace_lines.hpp"

#include "monitor/messages.hpp"

#include <charconv>
#include <chrono>
#include <concepts>

namespace troupe::monitor {

namespace {

// Lines come with each task, so they are put together without a tree of values between.
class line_writer {
public:
  explicit line_writer(const char* event) { text_.append("{\"event\":\"").append(event) += '"'; }

  line_writer& text(const char* key, std::string_view value) {
    begin(key);
    text_ += quoted(value);
    return *this;
  }
  template <std::integral Number>
  line_writer& number(const char* key, Number value) {
    begin(key);
    append(value);
    return *this;
  }
  line_writer& yes(const char* key) {
    begin(key);
    text_ += "true";
    return *this;
  }
  line_writer& place(const char* key, const code_location& where) {
    begin(key);
    text_ += '[';
    append(where.module);
    text_ += ',';
    append(where.offset);
    text_ += ']';
    return *this;
  }
  line_writer& pool(const event_pool& of) {
    return text("pool", std::to_string(of.id)).text("pool_name", of.name);
  }
  std::string line() && { return std::move(text_ += "}\n"); }

private:
  void begin(const char* key) { text_.append(",\"").append(key).append("\":"); }
  template <std::integral Number>
  void append(Number value) {
    char digits[24];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  std::string text_;
};

std::int64_t microseconds(std::chrono::nanoseconds time) {
  return time.count() / 1000;
}

// So that what ends when another begins also does so in whole microseconds.
void add_times(line_writer& line, const troupe::task_ended& what) {
  const auto began = microseconds(what.began.time_since_epoch());
  line.number("began", began);
  line.number("ran", microseconds(what.began.time_since_epoch() + what.ran) - began);
}

} // namespace

std::string task_line(const event_pool& pool, const troupe::task_ended& what) {
  line_writer line("task");
  line.pool(pool).number("id", what.id);
  if (!what.name.empty())
    line.text("name", what.name);
  else if (what.function != code_location{})
    line.place("function", what.function);
  line.number("items", what.items).number("failed", what.failed).number("attempt", what.attempt);
  line.text("end", to_string(what.how));
  if (what.again)
    line.yes("again");
  if (!what.type.empty())
    line.text("type", what.type);
  if (what.signal != 0)
    line.number("signal", what.signal);
  if (what.started)
    line.number("slot", what.slot).number("pid", what.pid);
  add_times(line, what);
  return std::move(line.number("queued", what.queued)).line();
}

std::string child_line(
  const event_pool& pool, const troupe::child_started& what, std::int64_t now) {
  line_writer line("child_started");
  line.pool(pool).number("slot", what.slot).number("pid", what.pid);
  if (what.spare)
    line.yes("spare");
  return std::move(line.number("at", now)).line();
}

std::string child_line(const event_pool& pool, const troupe::child_ended& what, std::int64_t now) {
  line_writer line("child_ended");
  line.pool(pool).number("slot", what.exit.slot).number("pid", what.exit.pid);
  if (what.died)
    line.yes("died");
  if (what.exit.signal != 0)
    line.number("signal", what.exit.signal);
  else
    line.number("exit_code", what.exit.exit_code);
  if (!what.exit.reason.empty())
    line.text("reason", what.exit.reason);
  return std::move(line.number("at", now)).line();
}

std::string module_line(std::uint32_t module, std::string_view file) {
  return std::move(line_writer("module").number("module", module).text("file", file)).line();
}

} // namespace troupe::monitor
