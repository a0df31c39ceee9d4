// `troupe top` as a program: what it prints, and with which exit code it ends. It watches this test.
#include "loopback_client.hpp"
#include "monitor/runtime_directory.hpp"
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"
#include "top/status.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

struct outcome {
  int code = -1;
  std::string output;
};

// With both streams in one.
outcome run(const std::string& arguments) {
  outcome result;
  std::string command = TROUPE_COMMAND;
  command.append(" top ").append(arguments).append(" 2>&1");
  auto* const pipe = ::popen(command.c_str(), "re");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  while (const auto count = std::fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, count);
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string own_pid() {
  return std::to_string(::getpid());
}

void fail(std::string text) {
  throw std::runtime_error(text);
}

troupe::task_options named(std::string name) {
  troupe::task_options options;
  options.name = std::move(name);
  return options;
}

} // namespace

TEST_CASE("--once shows a process by its pid, its name, or the name of a pool") {
  troupe::pool pool(rt(), {.processes = 1, .name = "the-pool"});
  const flag gate;
  CHECK_THROWS(pool.apply(named("fails"), fail, "no such page").get());
  auto running = pool.apply(named("waits"), wait_for_flag, gate.path());
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  for (const auto& which : {std::string("test_troupe_top"), std::string()}) {
    const auto shown =
      run("--once " + which); // a list, if others of that name run, or others of this user
    CAPTURE(which, shown.output);
    CHECK(shown.code == 0);
    CHECK_THAT(shown.output, Contains(own_pid()));
  }
  for (const auto& which : {own_pid(), std::string("the-pool")}) {
    const auto shown = run("--once " + which);
    CAPTURE(which, shown.output);
    CHECK(shown.code == 0);
    CHECK_THAT(shown.output, StartsWith("test_troupe_top  pid " + own_pid() + "  troupe 0.1.0\n"));
    CHECK_THAT(shown.output, Contains("pool the-pool  children 1 (1 busy)\n"));
    CHECK_THAT(shown.output, Contains("  waits for "));
    CHECK_THAT(shown.output, Contains(" ago  fails (task 1, slot 0, pid "));
    CHECK_THAT(shown.output, Contains("): std::runtime_error: no such page\n"));
    CHECK_THAT(shown.output, Contains("fail(std::"));
  }
  gate.raise();
  running.get();
}

TEST_CASE("--json prints what processes say") {
  troupe::pool pool(rt(), {.processes = 1, .name = "json"});
  pool.apply(square, 1).get();
  const auto shown = run("--once --json " + own_pid());
  CHECK(shown.code == 0);
  REQUIRE_THAT(shown.output, StartsWith("[{\"troupe\":1,"));
  const auto status = troupe_cli::parse_status(shown.output.substr(1, shown.output.rfind(']') - 1));
  CHECK(status.pid == ::getpid());
  CHECK(status.pools.back().name == "json");
  CHECK(status.pools.back().tasks.at(0).succeeded == 1);
}

TEST_CASE("commands of `troupe each` that fail count as failed, with what became of them") {
  const flag gate;
  ::setenv("TROUPE_CONTROL", "1", 1);
  piped_program each(
    TROUPE_COMMAND, {"troupe", "each", "-q", "-j", "1", "--retries", "1", "--shell", "--",
                      "case {} in ok) ;; exit) exit 3 ;; signal) kill -9 $$ ;; "
                      "big) seq 20000; exit 4 ;; *) while ! test -e " +
                        gate.path() + "; do sleep 0.01; done ;; esac",
                      ":::", "ok", "exit", "signal", "big", "last"});
  ::unsetenv("TROUPE_CONTROL");
  const auto status_now = [&] {
    const auto shown = run("--once --json " + std::to_string(each.pid()));
    return shown.code != 0
             ? troupe_cli::process_status()
             : troupe_cli::parse_status(shown.output.substr(1, shown.output.rfind(']') - 1));
  };
  troupe_cli::process_status status;
  REQUIRE(eventually([&] {
    status = status_now();
    return !status.pools.empty() && status.pools[0].failed >= 6 && status.pools[0].running == 1;
  }));
  const auto& pool = status.pools[0];
  REQUIRE(pool.tasks.size() == 1);
  CHECK(pool.tasks[0].succeeded == 1);
  CHECK(pool.tasks[0].failed == 6); // three inputs, twice each
  CHECK(pool.failed == 6);
  REQUIRE(pool.failures.size() == 6);
  std::multiset<std::string> messages;
  for (const auto& failure : pool.failures) {
    CHECK(failure.type == "troupe_cli::input_failed");
    messages.insert(failure.message);
  }
  CHECK(messages == std::multiset<std::string>{"exit code 3", "exit code 3", "exit code 4",
                      "exit code 4", "signal 9 (SIGKILL, Killed)", "signal 9 (SIGKILL, Killed)"});
  gate.raise();
  each.read_until("");
  const int ended = each.wait();
  CHECK(WIFEXITED(ended));
  CHECK(WEXITSTATUS(ended) == 1);
}

TEST_CASE("where nothing matches the exit code is 4") {
  const auto shown = run("--once nobody");
  CHECK(shown.code == 4);
  CHECK(shown.output ==
        "troupe top: no process that can be watched has the pid, the name or a pool "
        "named \"nobody\"; `troupe top --once` lists them\n");
}

TEST_CASE("wrong usage is said, and has the exit code 2") {
  CHECK(run("--json").code == 2);
  CHECK_THAT(run("--json").output, Contains("--json requires --once"));
  CHECK_THAT(run("--interval 0").output, Contains("--interval: Value 0 not in range"));
  CHECK(run("--interval 0").code == 2);
  CHECK(run("--metrics 99999").code == 2);
  CHECK(run("--what").code == 2);
  CHECK_THAT(run("--what").output, Contains("`troupe top --help` says more"));
  CHECK(run("--help").code == 0);
}

TEST_CASE("a dashboard that cannot be is refused with what is wrong") {
  for (const auto* port : {"x", "65536", "-1", "80x", "99999999999999999999"}) {
    const auto shown = run(own_pid().append(" --dashboard=").append(port));
    CHECK(shown.code == 2);
    CHECK(shown.output == "troupe top: --dashboard: \"" + std::string(port) +
                            "\" is no port, 0 to 65535; what is to be watched stands before "
                            "--dashboard\n");
  }
  const auto name = run("--dashboard the-pool");
  CHECK(name.code == 2);
  CHECK_THAT(name.output, Contains("\"the-pool\" is no port"));
  for (const std::string other : {"--once", "--once --json", "--metrics 9477"}) {
    const auto shown = run(own_pid() + " --dashboard " + other);
    CHECK(shown.code == 2);
    CHECK(shown.output == "troupe top: " + other.substr(0, other.find(' ')) +
                            " excludes --dashboard; `troupe top --help` says more\n");
  }
  const auto nothing = run("nobody --dashboard");
  CHECK(nothing.code == 4);
  CHECK_THAT(nothing.output, StartsWith("troupe top: no process that can be watched has"));
}

TEST_CASE("a dashboard at a port that is taken, or whose address nobody can read, is none") {
  troupe::pool pool(rt(), {.processes = 1, .name = "taken"});
  const listening_socket taken;
  const auto port = std::to_string(taken.port());
  const auto shown = run(own_pid() + " --dashboard " + port);
  CHECK(shown.code == 2);
  CHECK(shown.output ==
        "troupe top: port " + port + " cannot be had: Address already in use; choose another\n");
  const auto full = run(own_pid() + " --dashboard > /dev/full");
  CHECK(full.code == 5);
}

TEST_CASE("without a terminal it says how to do without") {
  const auto shown = run(own_pid() + " < /dev/null");
  CHECK(shown.code == 2);
  CHECK(shown.output == "troupe top: this is no terminal: use --once\n");
}

TEST_CASE("an output that cannot be written is an error") {
  const auto shown = run("--once " + own_pid() + " > /dev/full");
  CHECK(shown.code == 5);
}

TEST_CASE("Prometheus is served on loopback, until a signal") {
  troupe::pool pool(rt(), {.processes = 1, .name = "measured"});
  pool.apply(named("page"), square, 1).get();
  const int port = free_port();
  piped_program server(
    TROUPE_COMMAND, {"troupe", "top", own_pid(), "--metrics", std::to_string(port)});
  const std::string request = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string answer;
  REQUIRE(eventually([&] { return !(answer = get(port, "/metrics")).empty(); }));
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(answer, Contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  CHECK_THAT(answer, Contains("pool=\"measured\""));
  CHECK_THAT(answer, Contains("task=\"page\",outcome=\"succeeded\"} 1\n"));
  CHECK_THAT(get(port, "/other"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  CHECK_THAT(
    answer_to(port, "POST /metrics" + request), StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  std::string no_http(20'000, 'x');
  answer_to(port, no_http.append("\r\n\r\n"));
  pool.apply(named("page"), square, 1).get();
  CHECK_THAT(get(port, "/metrics"), Contains("task=\"page\",outcome=\"succeeded\"} 2\n"));
  const auto taken = run("--metrics " + std::to_string(port));
  CHECK(taken.code == 2);
  CHECK_THAT(taken.output,
    Contains("port " + std::to_string(port) + " cannot be had: Address already in use"));
  ::kill(server.pid(), SIGTERM);
  const int status = server.wait();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
}
