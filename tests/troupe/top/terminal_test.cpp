// `troupe top` on a terminal: what it shows there, and that the terminal is as before in the end.
#include "base/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

using namespace troupe::test;
using Catch::Matchers::Contains;

namespace {

// What takes the whole screen, and gives it back (xterm).
const std::string begin_screen = "\x1b[?1049h";
const std::string end_screen = "\x1b[?1049l";

// `troupe top` for this process, on a terminal of its own.
class terminal {
public:
  explicit terminal(const char* type = "xterm") {
    winsize size{24, 100, 0, 0};
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, &size) == 0);
    master_.reset(master);
    slave_.reset(slave);
    ::tcgetattr(slave, &before_);
    const auto pid = std::to_string(::getpid());
    pid_ = ::fork();
    if (pid_ == 0) {
      ::setenv("TERM", type, 1);
      ::login_tty(slave);
      ::close(master);
      ::execl(TROUPE_COMMAND, "troupe", "top", pid.c_str(), "--interval", "0.1", nullptr);
      ::_exit(127);
    }
  }
  ~terminal() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  // Reads until it has shown that since the last call; false if it ends before.
  bool shows(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      pollfd readable{master_.get(), POLLIN, 0};
      if (::poll(&readable, 1, 60'000) <= 0)
        return false;
      char buffer[4096];
      const auto count = ::read(master_.get(), buffer, sizeof buffer);
      if (count <= 0)
        return false;
      seen_.append(buffer, static_cast<std::size_t>(count));
    }
    all_ += seen_;
    seen_.clear();
    return true;
  }
  void type(const std::string& keys) const {
    REQUIRE(::write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  void resize(unsigned short rows, unsigned short columns) const {
    const winsize size{rows, columns, 0, 0};
    ::ioctl(master_.get(), TIOCSWINSZ, &size);
  }
  void hang_up() {
    master_.reset();
    slave_.reset();
  }
  void signal(int number) const { ::kill(pid_, number); }
  // The exit code, or 1000 and the signal.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, WNOHANG) == 0)
      if (master_)
        drain();
      else
        ::usleep(1000); // nothing tells of the end but the status
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  bool is_as_before() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
           now.c_oflag == before_.c_oflag;
  }

private:
  void drain() {
    pollfd readable{master_.get(), POLLIN, 0};
    char buffer[4096];
    if (::poll(&readable, 1, 10) > 0)
      static_cast<void>(::read(master_.get(), buffer, sizeof buffer));
  }

  troupe::base::unique_fd master_;
  troupe::base::unique_fd slave_; // so that what it was set to can still be looked at
  termios before_{};
  pid_t pid_ = 0;
  std::string seen_;
  std::string all_;
};

} // namespace

TEST_CASE("it takes the screen, shows the pool, and gives the screen back when q is pressed") {
  troupe::pool pool(rt(), {.processes = 1, .name = "on-screen"});
  pool.apply(square, 1).get();
  terminal top;
  REQUIRE(top.shows(begin_screen));
  REQUIRE(top.shows("on-screen"));
  CHECK_FALSE(top.is_as_before());
  top.type("q");
  CHECK(top.shows(end_screen));
  CHECK(top.wait() == 0);
  CHECK(top.is_as_before());
}

TEST_CASE("a signal that ends it leaves the terminal as it was") {
  const int number = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGQUIT);
  troupe::pool pool(rt(), {.processes = 1, .name = "signalled"});
  terminal top;
  REQUIRE(top.shows("signalled"));
  top.signal(number);
  CHECK(top.shows(end_screen));
  CHECK(top.wait() == 128 + number);
  CHECK(top.is_as_before());
}

TEST_CASE("it ends when its terminal is gone") {
  troupe::pool pool(rt(), {.processes = 1, .name = "gone"});
  terminal top;
  REQUIRE(top.shows("gone"));
  top.hang_up();
  CHECK(top.wait() == 128 + SIGHUP);
}

TEST_CASE("it follows the size of its terminal, however small") {
  troupe::pool pool(rt(), {.processes = 1, .name = "resized"});
  terminal top;
  REQUIRE(top.shows("resized"));
  for (const auto& [rows, columns] : {std::pair{1, 1}, std::pair{2, 5}, std::pair{50, 200}}) {
    top.resize(static_cast<unsigned short>(rows), static_cast<unsigned short>(columns));
    top.signal(SIGWINCH);
  }
  CHECK(top.shows("resized"));
  top.type("q");
  CHECK(top.wait() == 0);
}

TEST_CASE("a question on the screen outlives a change of its size") {
  troupe::pool pool(rt(), {.processes = 1, .name = "asked"});
  terminal top;
  REQUIRE(top.shows("asked"));
  top.type("d");
  REQUIRE(top.shows("drain pool asked"));
  top.resize(30, 90);
  CHECK(top.shows("drain pool asked")); // in the new last line
  top.type("y");
  CHECK(eventually([&] { return pool.snapshot().closing; }));
  top.type("q");
  CHECK(top.wait() == 0);
  pool.join();
}

TEST_CASE("keys recycle, resize and drain, and show the stack of a child") {
  troupe::pool pool(rt(), {.processes = 1, .name = "keys"});
  pool.apply(square, 1).get();
  const auto first = pool.stats().children.at(0).pid;
  terminal top;
  REQUIRE(top.shows("keys"));
  top.type("r");
  CHECK(top.shows("choose a child first"));
  top.type("\x1bOB"); // down
  top.type("r");
  CHECK(eventually([&] {
    const auto child = pool.stats().children.at(0);
    return child.pid != first && child.state == troupe::child_state::ready;
  }));
  top.type("k");
  CHECK(top.shows("any key goes back"));
  top.type(" +");
  CHECK(eventually([&] { return pool.stats().children.size() == 2; }));
  top.type("d");
  CHECK(top.shows("drain pool keys"));
  top.type("n");
  CHECK(pool.apply(square, 2).get() == 4);
  top.type("dy");
  CHECK(eventually([&] { return pool.snapshot().closing; }));
  top.type("q");
  CHECK(top.wait() == 0);
  pool.join();
}

TEST_CASE("a terminal that cannot place text is refused") {
  const std::string type = GENERATE("dumb", "", "no-such-terminal");
  terminal top(type.c_str());
  CHECK(top.shows("use --once"));
  CHECK(top.wait() == 2);
  CHECK(top.is_as_before());
}
