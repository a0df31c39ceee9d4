// `--trace` of the verbs, as programs.
#include "monitor/runtime_directory.hpp"
#include "read_trace.hpp"
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct outcome {
  int code = -1;
  std::string output; // both streams
};

outcome run(const std::string& arguments) {
  outcome result;
  std::string command = TROUPE_COMMAND;
  command.append(" ").append(arguments).append(" 2>&1");
  auto* const pipe = ::popen(command.c_str(), "re");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  while (const auto count = std::fread(buffer, 1, sizeof buffer, pipe))
    result.output.append(buffer, count);
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

// `troupe top WHICH --trace FILE`, which has begun to record.
class recorder {
public:
  recorder(const std::string& which, const std::string& file)
    : program_("/bin/sh",
        {"sh", "-c",
          std::string("exec ") + TROUPE_COMMAND + " top " + which + " --trace " + file + " 2>&1"}) {
    said_ = program_.read_until("Ctrl-C ends that\n");
  }
  /// With which exit code it ends by a signal, or by itself if that is 0.
  int end(int signal) {
    if (signal != 0)
      ::kill(program_.pid(), signal);
    said_ += program_.read_until("");
    const int status = program_.wait();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& said() const { return said_; }

private:
  piped_program program_;
  std::string said_;
};

void fail(std::string text) {
  throw std::out_of_range(text);
}

troupe::task_options named(std::string name) {
  troupe::task_options options;
  options.name = std::move(name);
  return options;
}

// `troupe each` that can be watched, and runs one command until its flag is raised.
class waiting_each {
public:
  explicit waiting_each(const flag& gate)
    : program_(
        "/usr/bin/env", {"env", "TROUPE_CONTROL=1", TROUPE_COMMAND, "each", "-q", "--", "sh", "-c",
                          "while ! test -e " + gate.path() + "; do sleep 0.01; done", ":::", "a"}) {
    REQUIRE(eventually([&] { return run("top --once " + which()).code == 0; }));
  }
  std::string which() const { return std::to_string(program_.pid()); }
  void signal(int number) const { ::kill(program_.pid(), number); }
  int wait() { return program_.wait(); }

private:
  piped_program program_;
};

// The sockets that this process has open.
std::set<std::string> own_sockets() {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored; // of the descriptor that reads the directory
    const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (target.starts_with("socket:"))
      found.insert(target);
  }
  return found;
}

std::map<std::string, std::size_t> count_by_name(const std::vector<json>& events) {
  std::map<std::string, std::size_t> counts;
  for (const auto& one : events)
    ++counts[one.at("name").get<std::string>()];
  return counts;
}

bool has(const std::vector<json>& events, const std::string& name) {
  return std::ranges::any_of(events, [&](const json& one) { return one.at("name") == name; });
}

json one_named(const std::vector<json>& events, const std::string& name) {
  const auto found =
    std::ranges::find_if(events, [&](const json& one) { return one.at("name") == name; });
  REQUIRE(found != events.end());
  return *found;
}

} // namespace

TEST_CASE("top --trace records what the pools of a process do until a signal") {
  troupe::pool pool(rt(), {.processes = 1, .childconcurrency = 8, .name = "recorded"});
  pool.apply(named("before"), square, 1).get();
  const temporary_file file;
  recorder top(std::to_string(::getpid()), file.path());
  for (int i = 0; i < 10; ++i)
    pool.apply(named("square"), square, i).get();
  CHECK_THROWS(pool.apply(named("fails"), fail, "no \"such\" page").get());
  std::vector<troupe::task_future<int>> naps;
  for (int i = 0; i < 5; ++i)
    naps.push_back(pool.apply(named("nap"), nap, i));
  for (auto& one : naps)
    one.get();
  CHECK_THROWS(pool.apply(named("crashes"), std::abort).get());
  pool.apply(square, 3).get(); // its successor is there
  const int signal = GENERATE(SIGINT, SIGTERM);
  CHECK(top.end(signal) == 128 + signal);
  CHECK_THAT(top.said(), Contains("troupe top: 18 runs of tasks are in " + file.path() + "\n"));

  const auto slices = events_of(file.content(), "X");
  const auto counts = count_by_name(slices);
  CHECK(counts.size() == 5);
  CHECK(counts.at("square") == 10);
  CHECK(counts.at("fails") == 1);
  CHECK(counts.at("nap") == 5);
  CHECK(counts.at("crashes") == 1);
  check_nesting(slices);
  const auto failed = one_named(slices, "fails");
  CHECK(failed.at("cat") == "threw");
  CHECK(failed.at("args").at("type") == "std::out_of_range");
  const auto lost = one_named(slices, "crashes");
  CHECK(lost.at("cat") == "lost");
  CHECK(lost.at("args").at("signal") == SIGABRT);
  const auto instants = events_of(file.content(), "i");
  CHECK(has(instants, "died: signal 6 (SIGABRT, Aborted)"));
  CHECK(has(instants, "started"));
  const auto names = events_of(file.content(), "M");
  const auto is_child = [&](const json& one) {
    return one.at("name") == "process_name" && one.at("pid") == lost.at("pid") &&
           one.at("args").at("name") == "pool recorded, slot 0";
  };
  CHECK(std::ranges::any_of(names, is_child));
}

TEST_CASE("items of a map are in the trace with their batches") {
  troupe::pool pool(rt(), {.processes = 2, .name = "batches"});
  const temporary_file file;
  recorder top("batches", file.path());
  pool.map(square, std::views::iota(0, 20'000)).get();
  pool.close();
  pool.join();
  CHECK(top.end(SIGINT) == 128 + SIGINT);
  std::size_t items = 0;
  const auto slices = events_of(file.content(), "X");
  for (const auto& one : slices)
    items += one.at("args").value("items", std::size_t{1});
  CHECK(items == 20'000);
  check_nesting(slices);
}

TEST_CASE("what the watched process is told to do ends the recording with it") {
  const temporary_file file;
  const flag gate;
  waiting_each each(gate);
  recorder top(each.which(), file.path());
  gate.raise();
  CHECK(top.end(0) == 0);
  CHECK(each.wait() == 0);
  CHECK(events_of(file.content(), "X").size() == 1);
}

TEST_CASE("a process that is stopped does not hold up the end of its recording") {
  const temporary_file file;
  const flag gate;
  waiting_each each(gate);
  recorder top(each.which(), file.path());
  each.signal(SIGSTOP);
  REQUIRE(eventually([&] { return state_of(std::stoi(each.which())) == "T"; }));
  CHECK(top.end(SIGINT) == 128 + SIGINT);
  CHECK_THAT(
    top.said(), Contains("troupe top: process " + each.which() +
                         " has not said that this was all: its last events may be missing\n"));
  CHECK(events_of(file.content(), "X").empty());
  each.signal(SIGCONT);
  gate.raise();
  CHECK(each.wait() == 0);
}

TEST_CASE("a process that was stopped for a while is recorded to its end") {
  const temporary_file file;
  const flag gate;
  waiting_each each(gate);
  recorder top(each.which(), file.path());
  each.signal(SIGSTOP);
  REQUIRE(eventually([&] { return state_of(std::stoi(each.which())) == "T"; }));
  gate.raise();
  each.signal(SIGCONT);
  CHECK(top.end(0) == 0);
  CHECK(each.wait() == 0);
  CHECK(events_of(file.content(), "X").size() == 1);
}

TEST_CASE("a fork of the process that is recorded has no part in the recording") {
  troupe::pool pool(rt(), {.processes = 1, .name = "forked"});
  pool.apply(named("before"), square, 1).get();
  const auto before = own_sockets();
  const temporary_file file;
  recorder top(std::to_string(::getpid()), file.path());
  std::vector<std::string> of_recording;
  REQUIRE(eventually([&] {
    of_recording.clear();
    for (const auto& one : own_sockets())
      if (!before.contains(one))
        of_recording.push_back(one);
    return !of_recording.empty();
  }));
  pool.apply(named("square"), square, 2).get();
  const auto copy = ::fork();
  if (copy == 0) {
    const auto open = own_sockets();
    for (const auto& one : of_recording)
      if (open.contains(one))
        ::_exit(1);
    ::_exit(0);
  }
  pool.apply(named("square"), square, 3).get();
  int status = -1;
  REQUIRE(::waitpid(copy, &status, 0) == copy);
  CHECK(status == 0);
  pool.apply(named("square"), square, 4).get();
  CHECK(top.end(SIGINT) == 128 + SIGINT);
  CHECK_THAT(top.said(), Contains("troupe top: 3 runs of tasks are in " + file.path() + "\n"));
  CHECK(count_by_name(events_of(file.content(), "X")).at("square") == 3);
}

TEST_CASE("of several processes none is recorded") {
  const temporary_file file;
  const flag gate;
  waiting_each one(gate);
  waiting_each another(gate);
  const auto shown = run("top each --trace " + file.path());
  CHECK(shown.code == 2);
  CHECK(shown.output == "troupe top: 2 processes match, and a trace is of one: name it by its pid; "
                        "`troupe top --once` lists them\n");
  gate.raise();
  CHECK(one.wait() == 0);
  CHECK(another.wait() == 0);
}

TEST_CASE("a trace is of one process, into a file that can be written") {
  const temporary_file file;
  const auto own = std::to_string(::getpid());
  auto shown = run("top nobody --trace " + file.path());
  CHECK(shown.code == 4);
  shown = run("top " + own + " --trace /nowhere/trace.json");
  CHECK(shown.code == 5);
  CHECK(shown.output ==
        "troupe top: cannot write the trace to \"/nowhere/trace.json\": No such file "
        "or directory\n");
  shown = run("top --once --trace " + file.path());
  CHECK(shown.code == 2);
  CHECK(shown.output == "troupe top: --once excludes --trace; `troupe top --help` says more\n");
  shown = run("top --trace ''");
  CHECK(shown.code == 2);
  CHECK(shown.output == "troupe top: --trace: a file has a name; `troupe top --help` says more\n");
}

TEST_CASE("each --trace has each attempt of each command") {
  const temporary_file file;
  const auto shown = run("each -q -j 4 --retries 1 --trace " + file.path() +
                         " --shell -- 'test {} != bad && sleep 0.0{}' ::: 1 2 3 4 5 6 bad");
  CHECK(shown.output.empty());
  CHECK(shown.code == 1);
  const auto slices = events_of(file.content(), "X");
  CHECK(slices.size() == 8);
  check_nesting(slices);
  const auto counts = count_by_name(slices);
  CHECK(counts.at("6") == 1);
  CHECK(counts.at("bad") == 2);
  const auto six = one_named(slices, "6");
  CHECK(six.at("cat") == "ok");
  CHECK(six.at("dur") >= 60'000);
  CHECK(six.at("args").at("input") == "6");
  const auto bad = one_named(slices, "bad");
  CHECK(bad.at("cat") == "exit");
  CHECK(bad.at("args").at("problem") == "exit code 1");
  CHECK(bad.at("args").at("again") == "yes");
  CHECK(has(events_of(file.content(), "i"), "started"));
  CHECK(has(events_of(file.content(), "i"), "ended: exit code 0"));
}

TEST_CASE("the trace of each is whole when the run is ended by a signal") {
  const temporary_file file;
  const flag begun;
  piped_program each(
    TROUPE_COMMAND, {"troupe", "each", "-q", "--trace", file.path(), "--shell", "--",
                      "touch " + begun.path() + "; sleep 600 # {}", ":::", "long"});
  REQUIRE(eventually([&] { return ::access(begun.path().c_str(), F_OK) == 0; }));
  ::kill(each.pid(), SIGTERM);
  const int status = each.wait();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
  const auto slices = events_of(file.content(), "X");
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].at("cat") == "cancelled");
}

TEST_CASE("each --task --trace has each line that was done") {
  const temporary_file file;
  const auto shown = run(
    "each --task " TROUPE_TEST_MODULE ":odd -q --trace " + file.path() + " ::: 1 2 3 > /dev/null");
  CHECK(shown.code == 1);
  std::size_t items = 0;
  std::size_t failed = 0;
  for (const auto& one : events_of(file.content(), "X")) {
    CHECK(one.at("name") == "odd");
    items += one.at("args").value("items", std::size_t{1});
    failed += one.at("args").value("failed", std::size_t{0});
  }
  CHECK(items == 3);
  CHECK(failed == 1);
}

TEST_CASE("run --trace has each item of each job") {
  const temporary_file file;
  const temporary_file jobs;
  std::ofstream(jobs.path()) << R"(
[job.first]
command = ["echo"]
input = { range = [1, 4] }

[job.second]
command = ["test", "{}", "!=", "2"]
input = { job = "first" }
)";
  const auto shown = run("run --trace " + file.path() + " " + jobs.path());
  CAPTURE(shown.output);
  CHECK(shown.code == 1);
  const auto slices = events_of(file.content(), "X");
  const auto counts = count_by_name(slices);
  CHECK(counts.at("first") == 4);
  CHECK(counts.at("second") == 4);
  CHECK(
    std::ranges::count_if(slices, [](const json& one) { return one.at("cat") == "threw"; }) == 1);
  check_nesting(slices);
}

TEST_CASE("a trace of the own run that cannot be written is an error that names the file") {
  for (const std::string verb : {"each", "run"}) {
    const auto rest = verb == "each" ? std::string(" -- true ::: a") : std::string();
    const temporary_file jobs;
    std::ofstream(jobs.path()) << "[job.one]\ncommand = [\"true\"]\n";
    const auto shown =
      run(verb + " --trace /dev/full " + (verb == "run" ? jobs.path() : "") + rest);
    CHECK(shown.code == 5);
    CHECK_THAT(
      shown.output, Contains("cannot write the trace to \"/dev/full\": No space left on device\n"));
    const auto unnamed = run(verb + " --trace '' " + (verb == "run" ? jobs.path() : "") + rest);
    CHECK(unnamed.code == 2);
    CHECK_THAT(unnamed.output, Contains("--trace: a file has a name"));
  }
  const auto dry = run("each --dry-run --trace x -- true ::: a");
  CHECK(dry.code == 2);
  CHECK(dry.output ==
        "troupe each: --dry-run runs nothing, so there is nothing to --trace: leave one out\n");
}
