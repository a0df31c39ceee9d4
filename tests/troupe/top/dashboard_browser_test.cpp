// The page of `troupe top --dashboard` in a browser without a screen: what a reader comes to see of a program with failures.
// It is compiled where Chromium is installed.
#include "dashboard_program.hpp"
#include "loopback_client.hpp"
#include "monitor/runtime_directory.hpp"
#include "support/flag.hpp"
#include "support/process_info.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_runtime.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include <unistd.h>

using namespace troupe::test;
using Catch::Matchers::Contains;

namespace {

[[noreturn]] void fail_in_page(std::string text) {
  throw std::runtime_error(text);
}

troupe::task_options named(std::string name) {
  troupe::task_options options;
  options.name = std::move(name);
  return options;
}

// Chromium with a profile of its own, which is removed in the end.
class browser {
public:
  // The document as it is when the page has loaded. Whether it has had an event by then is a matter of luck. What the
  // browser writes of its own troubles is not shown.
  std::string document(const std::string& address) const {
    piped_program program(
      "/bin/sh", {"sh", "-c", R"(exec "$0" --headless --disable-gpu --no-first-run --no-sandbox \
        --disable-dev-shm-usage --user-data-dir="$1" --dump-dom "$2" 2>/dev/null)",
                   TROUPE_CHROMIUM, profile_.path().string(), address});
    return program.read_until("");
  }

private:
  temporary_directory profile_;
};

} // namespace

TEST_CASE("a browser shows the five views, and text of children as text") {
  troupe::pool pool(rt(), {.processes = 2, .name = "in-browser", .max_queue = 50});
  const flag gate;
  CHECK_THROWS(pool.apply(named("fails"), fail_in_page, "<img src=x onerror=alert(1)>").get());
  auto running = pool.apply(named("waits"), wait_for_flag, gate.path());
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  const dashboard_program dashboard(std::to_string(::getpid()));
  // While somebody reads already, a page has its first event at once.
  loopback_client reader(dashboard.port());
  REQUIRE(reader.ask(dashboard.events()));
  REQUIRE_FALSE(reader.read_until("in-browser").empty());
  const browser chromium;
  std::string seen;
  REQUIRE(eventually([&] {
    seen = chromium.document(dashboard.address());
    return seen.find("<span class=\"name\">in-browser</span>") != std::string::npos;
  }));
  CAPTURE(seen);
  CHECK_THAT(seen, Contains("<p id=\"connection\" class=\"live\">live</p>"));
  CHECK_THAT(seen, Contains("<title>1 failed in in-browser - test_troupe_top - troupe</title>"));
  CHECK_THAT(seen, Contains("aria-live=\"polite\">pool in-browser: 0 done, 1 failed, 1 left</p>"));
  CHECK_THAT(seen, Contains("<dt>failed</dt><dd class=\"alarm\">1</dd>"));
  CHECK_THAT(seen, Contains("<dt>bound</dt><dd>50</dd>"));
  CHECK_THAT(seen, Contains("<dt>busy children</dt><dd>1</dd>"));
  CHECK_THAT(seen,
    Contains("<th scope=\"col\" class=\"text wide\"><button type=\"button\">Runs</button></th>"));
  CHECK_THAT(seen, Contains("<td class=\"text wide\">waits</td>"));
  CHECK_THAT(seen, Contains("<th scope=\"row\" class=\"text wide\">fails</th>"));
  CHECK_THAT(seen, Contains("<td class=\"alarm\">1</td>"));
  CHECK_THAT(
    seen, Contains("<span class=\"type\">std::runtime_error</span> <strong class=\"message\">"
                   "&lt;img src=x onerror=alert(1)&gt;</strong> <span class=\"task\">fails"));
  CHECK_THAT(seen, Contains("fail_in_page"));
  CHECK(seen.find("<img") == std::string::npos);
  gate.raise();
  running.get();
}
