// What becomes of processes when the program that has them ends.
#include "support/catch.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"

#include <csignal>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

// A running `process_parent`.
class program : public piped_program {
public:
  explicit program(const char* how)
    : piped_program(PROCESS_PARENT, {"process_parent", how}) {}
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
