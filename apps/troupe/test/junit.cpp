#include "test/junit.hpp"

#include "test/paragraphs.hpp"
#include "test/xml_text.hpp"

#include <libxml/xmlwriter.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <new>

namespace troupe_cli::test {
namespace {

/// A document that is being written. libxml2 escapes what has to be.
class document {
public:
  document()
    : buffer_(xmlBufferCreate(), &xmlBufferFree)
    , writer_(buffer_ ? xmlNewTextWriterMemory(buffer_.get(), 0) : nullptr, &xmlFreeTextWriter) {
    if (!writer_)
      throw std::bad_alloc();
    xmlTextWriterSetIndent(writer_.get(), 1);
    check(xmlTextWriterStartDocument(writer_.get(), nullptr, "UTF-8", nullptr));
  }

  void begin(const char* name) { check(xmlTextWriterStartElement(writer_.get(), xml(name))); }
  void end() { check(xmlTextWriterEndElement(writer_.get())); }
  void attribute(const char* name, std::string_view value) {
    check(
      xmlTextWriterWriteAttribute(writer_.get(), xml(name), xml(valid_xml_text(value).c_str())));
  }
  void attribute(const char* name, std::size_t value) { attribute(name, std::to_string(value)); }
  void text(std::string_view value) {
    check(xmlTextWriterWriteString(writer_.get(), xml(valid_xml_text(value).c_str())));
  }
  void element(const char* name, std::string_view value) {
    begin(name);
    text(value);
    end();
  }

  std::string finished() {
    check(xmlTextWriterEndDocument(writer_.get()));
    check(xmlTextWriterFlush(writer_.get()));
    return reinterpret_cast<const char*>(xmlBufferContent(buffer_.get()));
  }

private:
  static const xmlChar* xml(const char* text) { return reinterpret_cast<const xmlChar*>(text); }
  static void check(int written) {
    if (written < 0)
      throw std::bad_alloc(); // all else is checked before
  }

  std::unique_ptr<xmlBuffer, decltype(&xmlBufferFree)> buffer_;
  std::unique_ptr<xmlTextWriter, decltype(&xmlFreeTextWriter)> writer_;
};

std::string seconds(std::chrono::nanoseconds time) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.3f", std::chrono::duration<double>(time).count());
  return text.data();
}

bool is_assertion(const verdict& what) {
  return what.kind == verdict_kind::failed;
}

/// All but what it wrote, which has an element of its own.
std::string body(const verdict& what) {
  std::string out = what.message + '\n';
  for (const auto& each : what.failures) {
    if (!each.file.empty())
      out += each.file + ':' + std::to_string(each.line) + ": ";
    out += each.text + '\n';
  }
  if (!what.stacks.empty())
    out += '\n' + what.stacks;
  return out;
}

void add_failure(document& to, const verdict& what) {
  to.begin(is_assertion(what) ? "failure" : "error");
  to.attribute("message", what.message);
  to.attribute("type", what.type);
  to.text(body(what));
  to.end();
}

/// An attempt after which there was another.
void add_earlier_try(document& to, const verdict& what, bool passed_at_last) {
  const char* name = passed_at_last ? (is_assertion(what) ? "flakyFailure" : "flakyError")
                                    : (is_assertion(what) ? "rerunFailure" : "rerunError");
  to.begin(name);
  to.attribute("message", what.message);
  to.attribute("type", what.type);
  to.attribute("time", seconds(what.time));
  to.element("stackTrace", body(what));
  if (!what.output.empty())
    to.element("system-out", what.output);
  to.end();
}

void add_skipped(document& to, std::string_view why) {
  to.begin("skipped");
  if (!why.empty())
    to.attribute("message", why);
  to.end();
}

void add_outcome(document& to, const test_result& result) {
  if (result.tries.empty()) {
    add_skipped(to, "not run: the run was stopped before its turn");
    return;
  }
  const auto& last = result.last();
  const bool failed = is_failure(last.kind);
  // Surefire has the first failure as the failure, and the others as reruns of it.
  const std::size_t first_rerun = failed ? 1 : 0;
  if (failed)
    add_failure(to, result.tries.front());
  for (std::size_t i = first_rerun; i < result.tries.size() - (failed ? 0 : 1); ++i)
    add_earlier_try(to, result.tries[i], !failed);
  if (last.kind == verdict_kind::skipped)
    add_skipped(to, last.message);
  if (failed && !result.tries.front().output.empty())
    to.element("system-out", result.tries.front().output);
}

void add_case(document& to, const results& all, const test_result& result) {
  const auto& test = all.planned(result);
  const auto& program = all.plan->program_of(test);
  to.begin("testcase");
  to.attribute(
    "classname", test.what.suite.empty() ? program.name : program.name + '.' + test.what.suite);
  to.attribute("name", test.repetition == 0 ? test.what.name
                                            : test.what.name + " (repetition " +
                                                std::to_string(test.repetition) + ")");
  to.attribute(
    "time", seconds(result.tries.empty() ? std::chrono::nanoseconds{0} : result.last().time));
  if (!test.what.file.empty()) {
    to.attribute("file", test.what.file);
    to.attribute("line", std::to_string(test.what.line));
  }
  add_outcome(to, result);
  to.end();
}

void add_process(document& to, const program& program, const process_result& result) {
  to.begin("testcase");
  to.attribute(
    "classname", result.suite.empty() ? program.name : program.name + '.' + result.suite);
  to.attribute("name", "the process of the suite");
  to.attribute("time", seconds(result.what.time));
  to.begin("error");
  to.attribute("message", result.what.message);
  to.attribute("type", result.what.type);
  to.text(body(result.what));
  to.end();
  if (!result.what.output.empty())
    to.element("system-out", result.what.output);
  to.end();
}

struct totals {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  std::chrono::nanoseconds time{0};
};

void add(totals& to, const test_result& result) {
  ++to.tests;
  const auto kind = result.kind();
  if (is_failure(kind))
    ++(is_assertion(result.tries.front()) ? to.failures : to.errors);
  else if (kind != verdict_kind::passed)
    ++to.skipped;
  for (const auto& each : result.tries)
    to.time += each.time;
}

void write(document& to, const totals& from) {
  to.attribute("tests", from.tests);
  to.attribute("failures", from.failures);
  to.attribute("errors", from.errors);
  to.attribute("skipped", from.skipped);
}

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return text.data();
}

void add_suite(document& to, const results& all, std::size_t number) {
  const auto& program = all.plan->programs[number];
  totals sums;
  for (const auto& each : all.tests)
    if (all.planned(each).program == number)
      add(sums, each);
  for (const auto& each : all.processes)
    if (each.program == number) {
      ++sums.tests;
      ++sums.errors;
    }
  if (sums.tests == 0)
    return;
  to.begin("testsuite");
  to.attribute("name", program.name);
  write(to, sums);
  to.attribute("time", seconds(sums.time));
  to.attribute("timestamp", timestamp(all.began));
  for (const auto& each : all.tests)
    if (all.planned(each).program == number)
      add_case(to, all, each);
  for (const auto& each : all.processes)
    if (each.program == number)
      add_process(to, program, each);
  to.end();
}

} // namespace

std::string junit_text(const results& all) {
  totals sums;
  for (const auto& each : all.tests)
    add(sums, each);
  sums.tests += all.processes.size();
  sums.errors += all.processes.size();
  document out;
  out.begin("testsuites");
  out.attribute("name", "troupe test");
  write(out, sums);
  out.attribute("time", seconds(all.time));
  out.attribute("timestamp", timestamp(all.began));
  for (std::size_t i = 0; i < all.plan->programs.size(); ++i)
    add_suite(out, all, i);
  out.end();
  return out.finished();
}

} // namespace troupe_cli::test
