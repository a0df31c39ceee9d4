#pragma once

#include <troupe/child_entry.hpp>
#include <troupe/testing/failure.hpp>
#include <troupe/testing/fork_tests.hpp>
#include <troupe/this_child.hpp>

#include <gtest/gtest.h>

#pragma GCC visibility push(default)

/// \file
/// GoogleTest: an assertion that fails in a child fails the test that runs in the parent, with its file and line.
/// Instead of gtest_main, the program has this:
///
///     #include <troupe/testing/gtest.hpp>
///
///     int main(int argc, char** argv) { return troupe::testing::run_gtest(argc, argv); }
///
/// and its tests use pools as any program does, and in what runs in children EXPECT_ and ASSERT_ as everywhere:
///
///     void check_page(std::string url) { EXPECT_EQ(status_of(url), 200) << url; } // runs in a child
///
///     TEST(Pages, AreThere) {
///       troupe::runtime rt;
///       troupe::pool pool{rt, {.processes = 2}};
///       pool.map(check_page, urls).get();
///     }
///
/// A failed ASSERT_ returns from the function it is in, as always; the task then has the value of that return. In a
/// blocking function (`troupe::blocking`) assertions may fail at the same time. GTEST_SKIP in a child fails the test,
/// with a text that says so: whether a test is skipped is decided in the parent.
///
/// Death tests: those of the style "threadsafe" start the program again, and may use pools. Those of the style "fast"
/// fork the test process; in such a copy pools refuse with `troupe::error`, so they are for code without pools. In a
/// child, death tests are refused: a child that dies is what `child_lost` says in the parent.
namespace troupe::testing {

namespace detail {

/// In a child, also one that was forked from this process: tells the parent of what fails.
class gtest_reporter final : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& part) override {
    if (part.passed() || !this_child::is_child())
      return;
    const auto* const file = part.file_name();
    std::string text = part.message();
    if (part.skipped())
      text = "GTEST_SKIP in a child does not skip the test: call it in the test itself\n" + text;
    send_failure({file != nullptr ? file : "(unknown file)",
      part.line_number() > 0 ? static_cast<std::uint32_t>(part.line_number()) : 0u,
      std::move(text)});
  }
};

} // namespace detail

/// Before `child_entry` or a runtime: connects this process, parent or child, as `run_gtest` does. For programs
/// that have a `main` of their own.
inline void connect_gtest() {
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners(); // they own what they are given
  listeners.Append(new detail::gtest_reporter);
  if (this_child::is_child())
    delete listeners.Release(listeners.default_result_printer()); // the parent prints
  else
    on_failure([](const failure& failed) {
      ADD_FAILURE_AT(failed.file.c_str(), static_cast<int>(failed.line)) << failed.text;
    });
}

/// The `main` of a program of tests: its exit code. `troupe test` forks here (fork_tests.hpp).
inline int run_gtest(int argc, char** argv) {
  fork_tests(argc, argv);
  connect_gtest();
  child_entry(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

} // namespace troupe::testing

#pragma GCC visibility pop
