// Programs that fork the processes of their tests.
#include "test/process/run_test.hpp"
#include "test/process/test_zygotes.hpp"

#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/process_list.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

using namespace troupe_cli::test;
using troupe_cli::end_cause;
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// Runs one process after the other, in a folder.
class one_after_the_other {
public:
  one_after_the_other() {
    std::string path = fs::temp_directory_path() / "troupe-zygotes-XXXXXX";
    REQUIRE(::mkdtemp(path.data()));
    folder = path;
  }
  ~one_after_the_other() {
    test_zygotes::of_this_process().end_all();
    fs::remove_all(folder);
  }

  process_order order(const std::string& program, std::vector<std::string> arguments) const {
    process_order out;
    out.what.argv = {program};
    out.what.argv.insert(out.what.argv.end(), arguments.begin(), arguments.end());
    out.zygote_argv = {program};
    out.folder = folder / "1";
    out.timeout = std::chrono::minutes(10);
    return out;
  }

  attempt run(process_order what) {
    spawn(std::move(what));
    loop.run();
    return finish();
  }

  void spawn(process_order what) {
    loop.restart();
    asio::co_spawn(loop, run_test(std::move(what)),
      asio::bind_cancellation_slot(
        cancel.slot(), [this](const std::exception_ptr& problem, attempt result) {
          failed = problem;
          ended = std::move(result);
        }));
  }
  attempt finish() {
    REQUIRE(failed == nullptr);
    REQUIRE(ended);
    return *std::exchange(ended, std::nullopt);
  }

  fs::path folder;
  asio::io_context loop{1};
  asio::cancellation_signal cancel;
  std::exception_ptr failed;
  std::optional<attempt> ended;
};

/// Of this process.
std::vector<pid_t> zygotes() {
  auto all = troupe::test::processes_with("TROUPE_FORK_TESTS=1");
  std::erase_if(all, [](pid_t pid) { return troupe::test::parent_of(pid) != ::getpid(); });
  return all;
}

} // namespace

#ifdef FORKED_CASES
TEST_CASE(
  "one program forks one test after the other, until it is killed: then they are executed") {
  one_after_the_other all;
  const auto what = all.order(FORKED_CASES, {"so has another"});
  CHECK(all.run(what).end.ok());
  const auto first = zygotes();
  REQUIRE(first.size() == 1);
  CHECK(all.run(what).end.ok());
  CHECK(zygotes() == first);
  REQUIRE(::kill(first.front(), SIGKILL) == 0);
  const auto result = all.run(what);
  INFO(result.output << result.end.problem);
  CHECK(result.end.ok());
  CHECK(zygotes().empty());
}

TEST_CASE("a program that has been built anew is executed anew") {
  one_after_the_other all;
  const auto program = all.folder / "program";
  fs::copy_file(FORKED_CASES, program);
  const auto what = all.order(program, {"so has another"});
  CHECK(all.run(what).end.ok());
  const auto first = zygotes();
  REQUIRE(first.size() == 1);
  fs::remove(program);
  fs::copy_file(FORKED_CASES, program);
  CHECK(all.run(what).end.ok());
  CHECK(zygotes().size() == 1);
  CHECK(zygotes() != first);
}
#endif

TEST_CASE(
  "a program that does not fork its test, as it promised, is executed, and not asked again") {
  one_after_the_other all;
  auto what = all.order("/bin/echo", {"a test"});
  for (int i = 0; i < 2; ++i) {
    const auto result = all.run(what);
    CHECK(result.end.ok());
    CHECK(result.output == "a test\n");
    CHECK(zygotes().empty());
  }
}

TEST_CASE("a test that is cancelled while its program gets ready to fork it never begins") {
  one_after_the_other all;
  all.spawn(all.order("/bin/cat", {"/dev/zero"})); // it waits for the end of its input
  REQUIRE(troupe::test::eventually(
    [&] {
      all.loop.poll();
      return !zygotes().empty();
    },
    std::chrono::seconds(60)));
  all.cancel.emit(asio::cancellation_type::terminal);
  all.loop.run();
  CHECK(all.finish().end.cause == end_cause::cancelled);
  CHECK(zygotes().empty());
}
