#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include "support/baseline.hpp"
#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/this_child.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <string>
#include <vector>

namespace {

#if __has_include(<catch2/catch_all.hpp>)
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif

// What holds for each test of each program with pools: it ends in bounded time, and leaves behind what it found.
class each_test : public listener_base {
public:
  using listener_base::listener_base;

  void testRunStarting(const Catch::TestRunInfo& run) override {
    listener_base::testRunStarting(run);
    patience_.emplace();
    running = this;
    troupe::test::on_kept([] { running->before_ = troupe::test::baseline::now(); });
  }
  void testRunEnded(const Catch::TestRunStats& stats) override {
    patience_.reset();
    troupe::test::on_kept(nullptr);
    listener_base::testRunEnded(stats);
  }

  // The outermost section is the test, each time that it is run for one of the others.
  void sectionStarting(const Catch::SectionInfo& section) override {
    listener_base::sectionStarting(section);
    if (depth_++ > 0)
      return;
    before_ = troupe::test::baseline::now();
    patience_->begin(section.name);
  }
  void sectionEnded(const Catch::SectionStats& stats) override {
    if (--depth_ == 0)
      compare();
    listener_base::sectionEnded(stats);
  }

private:
  void compare() {
    std::vector<std::string> excess;
    const bool is_clean = troupe::test::eventually(
      [&] {
        excess = troupe::test::baseline::now().excess_over(before_);
        return excess.empty();
      },
      std::chrono::seconds(30));
    patience_->end();
    if (is_clean)
      return;
    std::string text = "the test leaves behind:";
    for (const auto& one : excess)
      text += "\n  " + one;
    FAIL_CHECK(text);
  }

  static inline each_test* running = nullptr;
  std::optional<troupe::test::patience> patience_;
  int depth_ = 0;
  troupe::test::baseline before_;
};

CATCH_REGISTER_LISTENER(each_test)

} // namespace

int main(int argc, char** argv) {
  if (!troupe::this_child::is_child()) // it has the mark of who has started it
    troupe::test::mark_environment();
  const troupe::test::with_runtime running(argc, argv);
  // The loop has its descriptors from the first wait on: before a test looks how many there are.
  const boost::asio::steady_timer first_wait(troupe::test::rt().executor());
  return Catch::Session().run(argc, argv);
}
