// The socket by which other processes watch this one.
#include "base/limits.hpp"
#include "monitor/messages.hpp"
#include "monitor/runtime_directory.hpp"
#include "monitor/watcher_client.hpp"
#include "support/catch.hpp"
#include "support/flag.hpp"
#include "support/functions.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/control.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using Catch::Matchers::Contains;

namespace {

std::string fail(std::string text) {
  throw std::runtime_error(text);
}

troupe::task_options named(std::string name) {
  troupe::task_options options;
  options.name = std::move(name);
  return options;
}

// The number by which a pool is named, as the status has it.
std::string id_of(const std::string& status, const std::string& pool) {
  const auto name = status.find(",\"name\":\"" + pool + "\"");
  REQUIRE(name != std::string::npos);
  const auto id = status.rfind("{\"id\":", name) + 6;
  return status.substr(id, name - id);
}

bool is_answered(watcher_client& client) {
  try {
    return !client.ask(R"({"ask": "status"})").empty();
  } catch (const std::runtime_error&) { // it was hung up on at once
    return false;
  }
}

} // namespace

TEST_CASE("a process that can be watched has a socket that only its user can use") {
  const std::filesystem::path socket = own_socket();
  CHECK(socket.parent_path() == runtime_directory() + "/troupe");
  CHECK(socket.filename() == std::to_string(::getpid()) + "-test_monitor.sock");
  struct stat is {};
  REQUIRE(::stat(socket.c_str(), &is) == 0);
  CHECK(S_ISSOCK(is.st_mode));
  CHECK((is.st_mode & 0777) == 0600);
  REQUIRE(::stat(socket.parent_path().c_str(), &is) == 0);
  CHECK((is.st_mode & 0777) == 0700);
}

TEST_CASE("the status of a process has its pools, with what their tasks are called") {
  troupe::pool pool(rt(), {.processes = 1, .name = "seen"});
  pool.apply(named("resize"), square, 2).get();
  watcher_client client(own_socket());
  const auto status = client.ask(R"({"ask": "status"})");
  CHECK_THAT(
    status, Contains("{\"troupe\":1,\"version\":\"0.1.0\",\"pid\":" + std::to_string(::getpid())));
  CHECK_THAT(status, Contains("\"program\":\"test_monitor\""));
  CHECK_THAT(status, Contains("\"name\":\"seen\""));
  CHECK_THAT(status, Contains("\"name\":\"resize\",\"submitted\":1,\"succeeded\":1"));
  CHECK_THAT(status, Contains("\"state\":\"ready\""));
}

TEST_CASE("what comes from children is escaped for whoever shows it") {
  troupe::pool pool(rt(), {.processes = 1});
  CHECK_THROWS(pool.apply(named("\x1b[2J"), fail, "\x1b]0;title\x07").get());
  watcher_client client(own_socket());
  const auto status = client.ask(R"({"ask": "status"})");
  CHECK(status.find('\x1b') == std::string::npos);
  CHECK(status.find("\\u001b") == std::string::npos);
  CHECK_THAT(status, Contains("\"message\":\"\\\\x1b]0;title\\\\x07\""));
}

TEST_CASE("a watcher recycles, resizes and drains a pool") {
  troupe::pool pool(rt(), {.processes = 1, .name = "managed"});
  pool.apply(square, 1).get();
  const auto first = pool.stats().children.at(0).pid;
  watcher_client client(own_socket());
  const auto id = id_of(client.ask(R"({"ask": "status"})"), "managed");

  CHECK(client.ask(R"({"do": "recycle", "pool": )" + id + R"(, "slot": 0})") ==
        R"({"troupe":1,"done":true})");
  CHECK(eventually([&] {
    const auto child = pool.stats().children.at(0);
    return child.pid != first && child.state == troupe::child_state::ready;
  }));
  CHECK(client.ask(R"({"do": "resize", "pool": )" + id + R"(, "processes": 2})") ==
        R"({"troupe":1,"done":true})");
  CHECK(eventually([&] { return pool.stats().children.size() == 2; }));
  CHECK(client.ask(R"({"do": "drain", "pool": )" + id + "}") == R"({"troupe":1,"done":true})");
  CHECK_THROWS_AS(pool.apply(square, 1), troupe::pool_closed);
  pool.join();
}

TEST_CASE("a watcher is told the stack of a child") {
  troupe::pool pool(rt(), {.processes = 1, .name = "hung"});
  auto hung = pool.apply(spin_forever);
  REQUIRE(eventually([&] { return !pool.running_tasks().empty(); }));
  watcher_client client(own_socket());
  const auto id = id_of(client.ask(R"({"ask": "status"})"), "hung");
  const auto stack = client.ask(R"({"ask": "stack", "pool": )" + id + R"(, "slot": 0})");
  CHECK_THAT(stack, Contains("\"thread\":" + std::to_string(pool.running_tasks().at(0).pid)));
  CHECK_THAT(stack, Contains("\"frames\":[[0,"));
  CHECK_THAT(stack, Contains("\"0\":\"/proc/" + std::to_string(::getpid()) + "/exe\""));
  pool.terminate();
}

TEST_CASE("what a watcher asks wrongly is answered with what is wrong") {
  troupe::pool pool(rt(), {.processes = 1, .name = "strict"});
  watcher_client client(own_socket());
  const auto id = id_of(client.ask(R"({"ask": "status"})"), "strict");
  const std::string no_object =
    R"({"troupe":1,"error":"a line must be a JSON object, such as {\"ask\": \"status\"}"})";
  CHECK(client.ask("hello") == no_object);
  CHECK(client.ask("[1]") == no_object);
  CHECK(client.ask("\xff\xfe") == no_object);
  CHECK(
    client.ask(R"({"ask": "more"})") ==
    R"({"troupe":1,"error":"it must \"ask\" for \"status\", \"stack\" or \"trace\", or \"do\" \"recycle\", \"resize\" or \"drain\""})");
  CHECK(client.ask(R"({"do": "drain"})") ==
        R"({"troupe":1,"error":"\"pool\" must be the \"id\" of a pool, as text"})");
  CHECK(client.ask(R"({"do": "drain", "pool": 1})") ==
        R"({"troupe":1,"error":"\"pool\" must be the \"id\" of a pool, as text"})");
  CHECK(client.ask(R"({"do": "drain", "pool": "987654"})") ==
        R"({"troupe":1,"error":"there is no pool 987654"})");
  CHECK(client.ask(R"({"do": "recycle", "pool": )" + id + R"(, "slot": 9})") ==
        R"({"troupe":1,"error":"pool strict has no slot 9: it has 0 to 0"})");
  CHECK_THAT(client.ask(R"({"do": "resize", "pool": )" + id + R"(, "processes": 5000})"),
    Contains("\"error\":\"pool option processes"));
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("a line that does not end is answered, and the watcher is hung up on") {
  watcher_client client(own_socket());
  client.send(std::string(troupe::limits::max_watcher_line, 'x'));
  CHECK(client.line() == R"({"troupe":1,"error":"a line has at most 4096 bytes"})");
  CHECK(client.line().empty());
}

TEST_CASE("a watcher that sends without end and reads nothing holds up nobody") {
  troupe::pool pool(rt(), {.processes = 1});
  pool.apply(square, 1).get();
  const auto before = resident_kilobytes(::getpid());
  watcher_client rude(own_socket());
  std::string questions;
  for (int i = 0; i < 1000; ++i)
    questions += "{\"ask\": \"status\"}\n";
  std::size_t sent = 0;
  // Until the socket takes no more: neither its buffers nor this process take more than their bounds.
  for (std::size_t more = 1; more > 0; sent += more) {
    more = rude.flood(questions);
    watcher_client polite(own_socket());
    CHECK_FALSE(polite.ask(R"({"ask": "status"})").empty());
  }
  CHECK(pool.apply(square, 7).get() == 49);
  CHECK(sent < (std::size_t{16} << 20));
  CHECK(resident_kilobytes(::getpid()) < before + 64 * 1024);
}

TEST_CASE("there are not more watchers at a time than allowed") {
  std::vector<std::unique_ptr<watcher_client>> watchers;
  // Those of earlier tests may not have been seen to be gone yet.
  const auto connects = [&] {
    auto one = std::make_unique<watcher_client>(own_socket());
    if (!is_answered(*one))
      return false;
    watchers.push_back(std::move(one));
    return true;
  };
  for (std::size_t i = 0; i < troupe::limits::max_watchers; ++i)
    REQUIRE(eventually(connects));
  watcher_client one_more(own_socket());
  CHECK(one_more.line().empty());
  watchers.clear();
  CHECK(eventually(connects));
}

TEST_CASE("children and forked copies have none of it") {
  troupe::pool pool(rt(), {.processes = 1});
  watcher_client client(own_socket());
  client.ask(R"({"ask": "status"})");
  const auto sockets = [](pid_t pid) {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& file :
      std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
      if (std::stoi(file.path().filename().string()) > 2) // those are inherited
        found.push_back(std::filesystem::read_symlink(file, error).string());
    std::erase_if(found, [](const std::string& name) { return !name.starts_with("socket:"); });
    return found;
  };
  pool.apply(square, 1).get(); // the child's end of its link is nobody else's from then on
  const auto own = sockets(::getpid());
  const auto of_child = sockets(pool.stats().children.at(0).pid);
  for (const auto& one : of_child)
    CHECK(std::ranges::find(own, one) == own.end());
}

TEST_CASE("what a dead process has left behind is removed") {
  piped_program program(WATCHED_PROGRAM, {"watched_program"});
  program.read_until("ready\n");
  const auto is_watched = [&] {
    const auto all = troupe::watched_processes();
    return std::ranges::find(all, program.pid(), &troupe::watched_process::pid) != all.end();
  };
  CHECK(is_watched());
  const auto socket =
    runtime_directory() + "/troupe/" + std::to_string(program.pid()) + "-watched_program.sock";
  CHECK(std::filesystem::exists(socket));
  program.kill();
  program.wait();
  CHECK(std::filesystem::exists(socket));
  CHECK_FALSE(is_watched());
  CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("a copy of a watched process does not keep its socket") {
  piped_program program(WATCHED_PROGRAM, {"watched_program", "fork"});
  const auto said = program.read_until("ready\n");
  const auto socket =
    runtime_directory() + "/troupe/" + std::to_string(program.pid()) + "-watched_program.sock";
  REQUIRE(std::filesystem::exists(socket));
  ::kill(program.pid(), SIGKILL);
  CHECK(eventually([&] {
    const auto all = troupe::watched_processes();
    return std::ranges::find(all, program.pid(), &troupe::watched_process::pid) == all.end();
  }));
  const auto copy = static_cast<pid_t>(std::stol(said.substr(said.find("copy ") + 5)));
  CHECK(::kill(copy, SIGKILL) == 0); // it was there all the time
  program.wait();
}

TEST_CASE("a process that ends in order takes its socket with it") {
  piped_program program(WATCHED_PROGRAM, {"watched_program"});
  program.read_until("ready\n");
  const auto socket =
    runtime_directory() + "/troupe/" + std::to_string(program.pid()) + "-watched_program.sock";
  CHECK(std::filesystem::exists(socket));
  program.close_input();
  CHECK(program.wait() == 0);
  CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("the environment decides whether a process can be watched") {
  ::setenv("TROUPE_CONTROL", "0", 1);
  piped_program program(WATCHED_PROGRAM, {"watched_program"});
  ::unsetenv("TROUPE_CONTROL");
  program.read_until("ready\n");
  const auto all = troupe::watched_processes();
  CHECK(std::ranges::find(all, program.pid(), &troupe::watched_process::pid) == all.end());
}
