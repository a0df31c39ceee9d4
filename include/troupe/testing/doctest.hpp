#pragma once

#include <troupe/child_entry.hpp>
#include <troupe/testing/failure.hpp>
#include <troupe/testing/fork_tests.hpp>
#include <troupe/this_child.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>

#pragma GCC visibility push(default)

/// \file
/// doctest: an assertion that fails in a child fails the test that runs in the parent, with its file and line. In the
/// one file of the program that implements doctest:
///
///     #define DOCTEST_CONFIG_IMPLEMENT
///     #include <troupe/testing/doctest.hpp>
///
///     int main(int argc, char** argv) { return troupe::testing::run_doctest(argc, argv); }
///
/// What runs in children uses CHECK, REQUIRE, FAIL, INFO and so on as everywhere. A REQUIRE that fails there ends its
/// task, whose future throws in the parent, and so ends the test as well unless that is caught.
namespace troupe::testing {

namespace detail {

/// In a child, also one that was forked from this process: tells the parent of what fails.
class doctest_reporter final : public ::doctest::IReporter {
public:
  explicit doctest_reporter(const ::doctest::ContextOptions&) {}

  void log_assert(const ::doctest::AssertData& data) override {
    if (!data.m_failed || !this_child::is_child())
      return;
    std::ostringstream text;
    text << ::doctest::assertString(data.m_at) << "( " << data.m_expr << " )";
    if (data.m_threw)
      text << " threw " << data.m_exception.c_str();
    else if (data.m_decomp.size() > 0)
      text << " with values " << data.m_decomp.c_str();
    send(data.m_file, data.m_line, text);
  }
  void log_message(const ::doctest::MessageData& message) override {
    if (message.m_severity == ::doctest::assertType::is_warn || !this_child::is_child())
      return; // MESSAGE, which fails nothing
    std::ostringstream text;
    text << message.m_string.c_str();
    send(message.m_file, message.m_line, text);
  }

  void report_query(const ::doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const ::doctest::TestRunStats&) override {}
  void test_case_start(const ::doctest::TestCaseData&) override {}
  void test_case_reenter(const ::doctest::TestCaseData&) override {}
  void test_case_end(const ::doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const ::doctest::TestCaseException&) override {}
  void subcase_start(const ::doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const ::doctest::TestCaseData&) override {}

private:
  static void send(const char* file, int line, std::ostringstream& text) {
    for (int i = 0; i < get_num_active_contexts(); ++i) {
      text << "\nlogged: ";
      get_active_contexts()[i]->stringify(&text);
    }
    send_failure({file, static_cast<std::uint32_t>(line), text.str()});
  }
};

inline void live_as_child() {
  reset_signals(); // of which doctest reports
  child_entry(0, nullptr);
}

inline constexpr const char* doctest_child = "troupe: what runs in a child";

} // namespace detail

/// The `main` of a program of tests: its exit code. For programs that have a `main` of their own: call it last, and
/// make no runtime before; a child takes over here, and `troupe test` forks here (fork_tests.hpp).
inline int run_doctest(int argc, char** argv) {
  fork_tests(argc, argv);
  // As the last of the listeners: those of the program may change what they are told.
  ::doctest::registerReporter<detail::doctest_reporter>("troupe", 1, false);
  if (this_child::is_child()) {
    // doctest's assertions need a test that runs: in a child that is one whose body is all that the child does.
    ::doctest::detail::regTest(::doctest::detail::TestCase(&detail::live_as_child, __FILE__,
                                 __LINE__, ::doctest::detail::TestSuite()) *
                               detail::doctest_child);
    ::doctest::Context of_child;
    of_child.addFilter("test-case", detail::doctest_child);
    of_child.setOption("out", "/dev/null"); // the parent prints
    return of_child.run();
  }
  on_failure([](const failure& failed) {
    DOCTEST_ADD_FAIL_CHECK_AT(
      failed.file.c_str(), static_cast<int>(failed.line), ::doctest::String(failed.text.c_str()));
  });
  ::doctest::Context context(argc, argv);
  return context.run();
}

} // namespace troupe::testing

#pragma GCC visibility pop
