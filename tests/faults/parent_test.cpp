// What happens to the children when their parent dies or is treated badly: groups A and E.
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>

using namespace std::chrono_literals;
using namespace troupe::test;

namespace {

// By this variable of its environment a process is known as one of a doomed parent's.
const std::string mark = "TROUPE_TEST_DOOMED_BY_" + std::to_string(::getpid());

// Processes that a doomed parent or one of its descendants is, or was before it became a zombie.
std::vector<pid_t> marked_processes() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::ifstream file(entry.path() / "environ");
    const std::string environment{
      std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (environment.find(mark) != std::string::npos)
      found.push_back(static_cast<pid_t>(std::stoi(name)));
  }
  return found;
}

uid_t user_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Uid:"))
      return static_cast<uid_t>(std::stoul(line.substr(4)));
  return 0;
}

// A process of `doomed_parent`, up and with children.
class doomed {
public:
  explicit doomed(const char* how, const char* method = "spawn") {
    int output[2];
    REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(output[1], 1);
      ::setenv(mark.c_str(), "", 1);
      ::execl(DOOMED_PARENT, "doomed_parent", how, method, nullptr);
      ::_exit(127);
    }
    ::close(output[1]);
    char up[3] = {};
    REQUIRE(::read(output[0], up, 3) == 3);
    ::close(output[0]);
  }
  doomed(const doomed&) = delete;
  ~doomed() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

private:
  pid_t pid_;
};

} // namespace

TEST_CASE("children die with a parent that is killed: idle, busy, stopped, and while they start") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    const std::size_t zygotes = std::strcmp(method, "spawn") == 0 ? 0 : 1;
    for (const char* how : {"idle", "busy", "stopped", "starting"}) {
      INFO(method << ", " << how);
      {
        const doomed parent(how, method);
        if (std::strcmp(how, "starting") != 0)
          REQUIRE(eventually([&] { return children_of(parent.pid()).size() == 3 + zygotes; }));
        if (std::strcmp(how, "stopped") == 0)
          REQUIRE(eventually([&] {
            int stopped = 0;
            for (const pid_t child : children_of(parent.pid()))
              stopped += state_of(child) == "T" ? 1 : 0;
            return stopped > 0;
          }));
        CHECK(::kill(parent.pid(), SIGKILL) == 0);
      }
      CHECK(eventually([] { return marked_processes().empty(); }));
    }
  }
}

TEST_CASE("what tasks have started ends with a parent that is killed, and so does a child that has "
          "become another "
          "user's and spins") {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    const std::size_t zygotes = std::strcmp(method, "spawn") == 0 ? 0 : 1;
    for (const char* how : {"tools", "other_user"}) {
      INFO(method << ", " << how);
      {
        const doomed parent(how, method);
        const bool tools = std::strcmp(how, "tools") == 0;
        // Itself, its children, and what these have started.
        CHECK(eventually([&] { return marked_processes().size() >= (tools ? 7u : 4u) + zygotes; }));
        if (!tools && ::getuid() == 0)
          REQUIRE(eventually([&] {
            int changed = 0;
            for (const pid_t child : children_of(parent.pid()))
              changed += user_of(child) != 0 ? 1 : 0;
            return changed == 3;
          }));
        CHECK(::kill(parent.pid(), SIGKILL) == 0);
      }
      CHECK(eventually([] { return marked_processes().empty(); }));
    }
  }
}

TEST_CASE("no child outlives a parent that is killed at any moment of a start") {
  for (const char* method : {"spawn", "forkserver", "fork"})
    for (int delay_us = 0; delay_us < 12'000; delay_us += 800) {
      INFO(method << ", killed after " << delay_us << " us");
      {
        const doomed parent("starting", method);
        std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
        CHECK(::kill(parent.pid(), SIGKILL) == 0);
      }
      CHECK(eventually([] { return marked_processes().empty(); }));
    }
}

TEST_CASE("a thread that made a pool may end without its children dying") {
  std::unique_ptr<troupe::pool> pool;
  std::thread([&] {
    pool = std::make_unique<troupe::pool>(rt(), troupe::pool_options{.processes = 1});
    pool->apply(square, 1).get();
  }).join();
  const auto pid = pool->stats().children[0].pid;
  CHECK(pool->apply(square, 4).get() == 16);
  CHECK(pool->stats().children[0].pid == pid);
}

TEST_CASE("a death is noticed when other code reaps the child") {
  troupe::pool pool{rt(), {.processes = 1}};
  pool.apply(square, 1).get();
  const auto pid = pool.stats().children[0].pid;
  std::thread thief([&] { ::waitpid(pid, nullptr, 0); });
  ::kill(pid, SIGKILL);
  thief.join();
  CHECK(eventually([&] { return pool.stats().deaths == 1; }));
  CHECK(pool.apply(square, 3).get() == 9);
}

TEST_CASE("the terminal's signals to the parent's process group do not reach the children") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto group = pool.apply([] { return ::getpgid(0); }).get();
  CHECK(group != ::getpgid(0));
}

TEST_CASE("a runtime inside a child is refused") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto make_runtime = [] {
    char name[] = "nested";
    char* arguments[] = {name, nullptr};
    const troupe::runtime nested(1, arguments);
  };
  CHECK_THROWS_WITH(pool.apply(make_runtime).get(), ContainsSubstring("in a child"));
}

TEST_CASE("a second runtime in one process is refused") {
  char name[] = "second";
  char* arguments[] = {name, nullptr};
  CHECK_THROWS_AS(troupe::runtime(1, arguments), std::logic_error);
}
