// What becomes of processes when the program that has them ends.
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

// A running `process_parent`, with pipes to its standard input and from its output.
class program {
public:
  explicit program(const char* how) {
    int input[2];
    int output[2];
    REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(input[0], 0);
      ::dup2(output[1], 1);
      ::execl(PROCESS_PARENT, "process_parent", how, nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    kill();
    ::close(input_);
    ::close(output_);
  }

  pid_t pid() const { return pid_; }

  void tell() { CHECK(::write(input_, "x", 1) == 1); }

  // What it and its children write until they have said `end`, or all of them are gone.
  std::string read_until(std::string_view end) {
    std::string text;
    char byte = 0;
    while (!(text.ends_with(end) && !end.empty()) && ::read(output_, &byte, 1) == 1)
      text += byte;
    return text;
  }

  int wait() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    waited_ = true;
    return status;
  }

  void kill() {
    if (waited_)
      return;
    ::kill(pid_, SIGKILL);
    wait();
  }

private:
  pid_t pid_ = 0;
  int input_ = -1;
  int output_ = -1;
  bool waited_ = false;
};

} // namespace

TEST_CASE("a non-daemonic process is waited for when the runtime ends, also without its handle") {
  program parent("non-daemonic");
  CHECK(parent.read_until("leaving\n") == "leaving\n");
  parent.tell();
  // A runtime that did not wait would have been over before the process was told to go on.
  CHECK(parent.read_until("") == "done\nover\n");
  CHECK(parent.wait() == 0);
}

TEST_CASE("a daemonic process is terminated when the runtime ends") {
  program parent("daemonic");
  // The output ends when the last process that has it is gone.
  CHECK(parent.read_until("") == "leaving\nover\n");
  CHECK(parent.wait() == 0);
}

TEST_CASE("a daemonic process that ignores SIGTERM is killed when the runtime ends") {
  program parent("stubborn");
  CHECK(parent.read_until("deaf\n") == "deaf\n");
  parent.tell();
  CHECK(parent.read_until("") == "leaving\nover\n");
  CHECK(parent.wait() == 0);
}

TEST_CASE("processes of both kinds die with a parent that is killed") {
  program parent("killed");
  CHECK(parent.read_until("up\n") == "up\n");
  CHECK(children_of(parent.pid()).size() == 2);
  parent.kill();
  CHECK(parent.read_until("").empty()); // returns when both are gone
}
