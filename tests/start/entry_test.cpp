// Where children take over, and what they have of the parent: programs in entry_parent.cpp.
#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

std::string said_by(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "entry_parent");
  piped_program program(ENTRY_PARENT, arguments);
  auto said = program.read_until({});
  CHECK(program.wait() == 0);
  return said;
}

class temporary_file {
public:
  temporary_file() { std::ofstream{path_}; }
  temporary_file(const temporary_file&) = delete;
  ~temporary_file() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }
  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

private:
  const std::string path_ =
    std::filesystem::temp_directory_path() / ("troupe_entry_" + std::to_string(::getpid()));
};

// What a program writes to a terminal that stops whoever writes from the background.
std::string said_to_strict_terminal(const char* how) {
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    termios settings{};
    ::tcgetattr(0, &settings);
    settings.c_lflag |= TOSTOP;
    ::tcsetattr(0, TCSANOW, &settings);
    ::execl(ENTRY_PARENT, "entry_parent", how, nullptr);
    ::_exit(127);
  }
  std::string said;
  char buffer[1000];
  for (ssize_t count = 0; (count = ::read(terminal, buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(count));
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::close(terminal);
  CHECK(status == 0);
  return said;
}

} // namespace

TEST_CASE("with child_entry at the top of main, a library makes the runtime when it needs one") {
  CHECK(said_by({"late"}) == "only the parent comes here\n9\n");
}

TEST_CASE("a process knows whether it is a child before main, and in its first statement") {
  CHECK(said_by({"is child"}) == "parent parent\nchild child\nchild child\nchild child\n");
}

TEST_CASE("libraries of a program share its runtime, and a child has none") {
  CHECK(said_by({"shared"}) ==
        "none\ntroupe::runtime::current: this process has no troupe::runtime: make one, after "
        "troupe::child_entry at the top of main\nthis\nnone in a child\nnone\n");
}

TEST_CASE("children have the command line of the process, whatever main passes on") {
  CHECK(said_by({"subcommand", "a", "b"}) == "4\n");
}

TEST_CASE("a program may clear its environment first") {
  CHECK(said_by({"no environment"}) == "9\n");
}

#if !defined(__SANITIZE_ADDRESS__) &&                                                              \
  !defined(__SANITIZE_THREAD__) // which want to be started themselves
TEST_CASE("a program that was started through the dynamic loader has children") {
  piped_program program(DYNAMIC_LOADER, {"loader", ENTRY_PARENT, "late"});
  CHECK(program.read_until({}) == "only the parent comes here\n9\n");
  CHECK(program.wait() == 0);
}
#endif

TEST_CASE(
  "a child that ends before it reaches the runtime fails the pool at once, with what to do") {
  const temporary_file starts;
  CHECK_THAT(said_by({"exits first", starts.path()}),
    ContainsSubstring(
      "could not start: it exited with code 3 before it had come to troupe::runtime or "
      "troupe::child_entry; what stands before these in main runs in each child as well"));
  CHECK(starts.text() == ".");
}

TEST_CASE("a child that ends for want of something, before its hello, is started again") {
  const temporary_file starts;
  CHECK_THAT(said_by({"lacks something", starts.path()}),
    ContainsSubstring("exited with code 71 before it was ready, as the last of 5 failed starts"));
  CHECK(starts.text() == ".....");
}

TEST_CASE(
  "a child that waits before it reaches the runtime fails the pool after one start timeout") {
  const temporary_file starts;
  CHECK_THAT(said_by({"waits first", starts.path()}),
    ContainsSubstring("it was not ready within the start timeout of 300 ms") &&
      ContainsSubstring("before it had come to troupe::runtime"));
  CHECK(starts.text() == ".");
}

TEST_CASE("a zygote that ends or waits before it reaches the runtime fails the pool as well") {
  const temporary_file starts;
  SECTION("ends") {
    CHECK_THAT(said_by({"zygote exits first", starts.path()}),
      ContainsSubstring("the zygote exited with code 3 before it was ready; what stands before "
                        "troupe::runtime or troupe::child_entry in main runs in it as well"));
    CHECK(starts.text().size() <= 2); // LD_BIND_NOW is given up first
  }
  SECTION("waits") {
    CHECK_THAT(said_by({"zygote waits first", starts.path()}),
      ContainsSubstring("the zygote did not answer in time before it was ready"));
    CHECK(starts.text() == ".");
  }
}

TEST_CASE("a child reads nothing from the parent's stdin, unless its pool says so") {
  piped_program program(ENTRY_PARENT, {"entry_parent", "input"});
  program.tell();
  program.close_input();
  CHECK(program.read_until({}) == "nothing\nnothing\nx\nits end\n");
  CHECK(program.wait() == 0);
}

TEST_CASE("a child that is forked from main has nothing of what the parent has read ahead") {
  const temporary_file input;
  std::ofstream(input.path()) << "ab";
  piped_program program(
    "/bin/sh", {"sh", "-c", "exec \"$0\" 'input of a copy' < \"$1\"", ENTRY_PARENT, input.path()});
  CHECK(program.read_until({}) == "a\nnothing\nb\n");
  CHECK(program.wait() == 0);
}

TEST_CASE("a child that writes to a terminal, or reads from it, is not stopped by it") {
  CHECK(said_to_strict_terminal("terminal") == "a child writes\r\nit cannot read\r\n");
}

TEST_CASE("a child that was executed leaves as a program does") {
  CHECK(
    said_by({"leave"}) == "a function of atexit is called\na static object is destroyed\nover\n");
}

TEST_CASE("a child that was forked runs no exit handlers: some are those of another process") {
  CHECK(said_by({"leave forked"}) == "over\n");
}

TEST_CASE(
  "a module that the runtime loads is loaded by the children that there are, and by later ones") {
  CHECK(
    said_by({"load module", FIRST_LIBRARY}) ==
    "runtime::load_module: /nonexistent/module.so: cannot open shared object file: No such file or "
    "directory\n42\nin the child that there was\n42\n8\n");
}

TEST_CASE("a task of a module that its child has not loaded fails with the module's name, and "
          "nothing else") {
  CHECK(said_by({"open module", FIRST_LIBRARY}) ==
        "the function of the call is in the library " + std::string(FIRST_LIBRARY) +
          ", that this child has not loaded, or that was replaced on disk since the program "
          "started: load it "
          "with runtime::load_module, link the program to it, or start the program again\n"
          "the child lives\n");
}

TEST_CASE("the runtime's actor system can be configured, and the program can have one of its own") {
  CHECK(said_by({"two systems"}) == "42\n16\nthis process has a troupe::runtime already\n");
}
