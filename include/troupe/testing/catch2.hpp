#pragma once

#include <troupe/child_entry.hpp>
#include <troupe/testing/failure.hpp>
#include <troupe/testing/fork_tests.hpp>
#include <troupe/this_child.hpp>

#if __has_include(<catch2/catch_session.hpp>) // Catch2 3
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/interfaces/catch_interfaces_config.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#else
#ifndef CATCH_CONFIG_RUNNER
#error                                                                                             \
  "define CATCH_CONFIG_RUNNER before <troupe/testing/catch2.hpp>, in the one file that has main"
#endif
#include <catch2/catch.hpp>
#endif

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

/// \file
/// Catch2, 2 or 3: an assertion that fails in a child fails the test that runs in the parent, with its file and line.
/// In the one file of the program that has `main`:
///
///     #define CATCH_CONFIG_RUNNER // Catch2 2 only
///     #include <troupe/testing/catch2.hpp>
///
///     int main(int argc, char** argv) { return troupe::testing::run_catch2(argc, argv); }
///
/// What runs in children uses CHECK, REQUIRE, FAIL, INFO and so on as everywhere. A REQUIRE that fails there ends its
/// task, whose future throws in the parent, and so ends the test as well unless that is caught. The failures are
/// reported at the end of the section (or test) in which they came. As everywhere in Catch2, assertions are for one
/// thread at a time: several blocking functions (`troupe::blocking`) of one child must not use them at once.
namespace troupe::testing {

namespace detail {

#if __has_include(<catch2/catch_session.hpp>)
using catch2_listener = Catch::EventListenerBase;
#else
using catch2_listener = Catch::TestEventListenerBase;
#endif

/// Failures of children that have come to the parent, until the test's thread, to which Catch2's assertions belong,
/// takes them. Thread-safe.
class child_failures {
public:
  static child_failures& instance() {
    static child_failures all;
    return all;
  }

  void add(const failure& failed) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(failed);
  }
  std::vector<failure> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failures_, {});
  }
  /// Catch2 keeps pointers to names of files.
  const char* name_of(const std::string& file) {
    const std::lock_guard lock(mutex_);
    return files_.insert(file).first->c_str();
  }

private:
  std::mutex mutex_;
  std::vector<failure> failures_; // guarded by mutex_
  std::set<std::string> files_;   // guarded by mutex_
};

/// Fails the test that runs, and goes on with it.
inline void fail_here(const failure& failed) {
  Catch::AssertionHandler handler(Catch::StringRef("CHECK"),
    Catch::SourceLineInfo(child_failures::instance().name_of(failed.file), failed.line),
    Catch::StringRef(), Catch::ResultDisposition::ContinueOnFailure);
  handler.handleMessage(Catch::ResultWas::ExplicitFailure, std::string(failed.text));
  try {
    handler.complete();
  } catch (const Catch::TestFailureException&) {
    // The option --abort ends the test by this; here it has ended.
  }
}

/// In a child, also one that was forked from this process: tells the parent of what fails. In the parent: fails the
/// section, before it ends, with what has failed in children.
class catch2_reporter final : public catch2_listener {
public:
  using catch2_listener::catch2_listener;

#if __has_include(<catch2/catch_session.hpp>)
  void assertionEnded(const Catch::AssertionStats& stats) override {
    look_at(stats);
  }
#else
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    look_at(stats);
    return true;
  }
#endif

  void sectionEnded(const Catch::SectionStats& stats) override {
    if (!this_child::is_child())
      for (const auto& failed : child_failures::instance().take())
        fail_here(failed);
    catch2_listener::sectionEnded(stats);
  }

private:
  static void look_at(const Catch::AssertionStats& stats) {
    const auto& result = stats.assertionResult;
    if (result.isOk() || !this_child::is_child())
      return;
    std::string text;
    if (result.hasExpression()) {
      text = result.getExpressionInMacro();
      if (result.hasExpandedExpression())
        text += " with expansion: " + result.getExpandedExpression();
    }
    if (result.hasMessage())
      text += (text.empty() ? "" : "\n") + std::string(result.getMessage());
    for (const auto& info : stats.infoMessages)
      if (info.type == Catch::ResultWas::Info)
        text += "\n" + info.message;
    const auto& place = result.getSourceInfo();
    send_failure({place.file, static_cast<std::uint32_t>(place.line), std::move(text)});
  }
};

inline void live_as_child() {
  reset_signals(); // of which Catch2 reports
  child_entry(0, nullptr);
}

inline constexpr const char* catch2_child = "troupe: what runs in a child";

/// Catch2's assertions need a test that runs: in a child that is one whose body is all that the child does.
inline int run_catch2_child() {
  const Catch::AutoReg registered(Catch::makeTestInvoker(&live_as_child),
    Catch::SourceLineInfo(__FILE__, __LINE__), Catch::StringRef(),
    Catch::NameAndTags{catch2_child, "[.]"});
  Catch::Session session;
  session.configData().testsOrTags = {catch2_child};
#if __has_include(<catch2/catch_session.hpp>)
  session.configData().defaultOutputFilename = "/dev/null"; // the parent prints
#else
  session.configData().outputFilename = "/dev/null";
#endif
  return session.run();
}

} // namespace detail

/// The `main` of a program of tests: its exit code. For programs that have a `main` of their own: call it last, and
/// make no runtime before; a child takes over here, and `troupe test` forks here (fork_tests.hpp).
inline int run_catch2(int argc, char** argv) {
  fork_tests(argc, argv);
  if (this_child::is_child())
    return detail::run_catch2_child();
  on_failure([](const failure& failed) { detail::child_failures::instance().add(failed); });
  return Catch::Session().run(argc, argv);
}

} // namespace troupe::testing

namespace troupe::testing::detail {
CATCH_REGISTER_LISTENER(catch2_reporter)
} // namespace troupe::testing::detail

#pragma GCC visibility pop
