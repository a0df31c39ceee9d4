// A program whose runtime ends while processes run. It says "leaving" before that and "over" after it.
#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

using namespace std::chrono_literals;

namespace {

// Not buffered: parent and child write to one pipe.
void say(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(1, text.data(), text.size());
}

void answer_when_told() {
  char byte = 0;
  if (::read(0, &byte, 1) == 1)
    say("done\n");
}

void sleep_long() {
  std::this_thread::sleep_for(std::chrono::hours(1));
}

void ignore_sigterm() {
  ::signal(SIGTERM, SIG_IGN);
  say("deaf\n");
}

} // namespace

int main(int argc, char** argv) {
  {
    troupe::runtime rt{argc, argv};
    const std::string how = argc > 1 ? argv[1] : "";
    if (how == "non-daemonic") {
      troupe::process(rt, troupe::call(answer_when_told), {.input = troupe::input::inherit})
        .start(); // the handle is gone at once
    } else if (how == "daemonic") {
      troupe::process(rt, troupe::call(sleep_long), {.daemon = true}).start();
    } else if (how == "stubborn") {
      troupe::process p(rt, troupe::call(sleep_long),
        {.daemon = true, .initializer = troupe::call(ignore_sigterm), .shutdown_timeout = 50ms});
      p.start();
      char byte = 0;
      [[maybe_unused]] const auto told = ::read(0, &byte, 1);
    } else if (how == "killed") {
      troupe::process daemonic(rt, troupe::call(sleep_long), {.daemon = true});
      troupe::process other(rt, troupe::call(sleep_long));
      daemonic.start();
      other.start();
      say("up\n");
      sleep_long();
    }
    say("leaving\n");
  }
  say("over\n");
}
