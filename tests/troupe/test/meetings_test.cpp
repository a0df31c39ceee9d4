// Where `troupe test` meets something else: programs that behave oddly, a terminal, a disk that is full.
#include "command_run.hpp"

#include "base/unique_fd.hpp"
#include "support/process_info.hpp"

#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

using namespace troupe_cli::test;

namespace {

/// A plain program: a script of the shell.
std::string script(const command_run& in, const char* name, const std::string& text) {
  const auto path = in.file(name).string();
  write_whole_file(path, "#!/bin/sh\n" + text);
  ::chmod(path.c_str(), 0755);
  return path;
}

/// Whether somebody has stopped the process.
bool is_stopped(pid_t pid) {
  const auto status = read_whole_file("/proc/" + std::to_string(pid) + "/status");
  return status.find("\nState:\tT") != std::string::npos;
}

/// As a shell does: leads the session, with the command in the foreground. It could be let go on, so it can be stopped.
[[noreturn]] void lead_session(char* const* argv, int pids) {
  const pid_t command = ::fork();
  if (command == 0) {
    ::setpgid(0, 0);
    std::signal(SIGTTOU, SIG_IGN);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
    std::signal(SIGTTOU, SIG_DFL);
    ::execv(TROUPE_COMMAND, argv);
    ::_exit(127);
  }
  if (::write(pids, &command, sizeof command) != sizeof command)
    ::_exit(126);
  int status = 0;
  ::waitpid(command, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/// `troupe test` on a terminal of its own: with a shell, or as what leads the session itself.
class run_on_terminal {
public:
  enum class led_by { shell, itself };
  explicit run_on_terminal(std::vector<std::string> arguments, led_by leader = led_by::shell) {
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    master_.reset(master);
    slave_.reset(slave);
    ::tcgetattr(slave, &before_);
    arguments.insert(arguments.begin(), {"troupe", "test", "--history", "/dev/null"});
    std::vector<char*> argv;
    for (auto& each : arguments)
      argv.push_back(each.data());
    argv.push_back(nullptr);
    int pids[2];
    REQUIRE(::pipe2(pids, O_CLOEXEC) == 0);
    leader_ = ::fork();
    if (leader_ == 0) {
      ::login_tty(slave);
      ::close(master);
      if (leader == led_by::shell)
        lead_session(argv.data(), pids[1]);
      ::execv(TROUPE_COMMAND, argv.data());
      ::_exit(127);
    }
    ::close(pids[1]);
    pid_ = leader_;
    if (leader == led_by::shell)
      REQUIRE(::read(pids[0], &pid_, sizeof pid_) == sizeof pid_);
    ::close(pids[0]);
  }
  run_on_terminal(const run_on_terminal&) = delete;
  ~run_on_terminal() {
    if (leader_ > 0) {
      ::kill(pid_, SIGKILL);
      ::kill(leader_, SIGKILL);
      ::waitpid(leader_, nullptr, 0);
    }
  }

  pid_t pid() const { return pid_; }

  /// Reads until it has written that since the last call.
  bool shows(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      pollfd readable{master_.get(), POLLIN, 0};
      char buffer[4096];
      const auto count = ::poll(&readable, 1, 120'000) > 0
                           ? ::read(master_.get(), buffer, sizeof buffer)
                           : ssize_t{-1};
      if (count <= 0)
        return false;
      seen_.append(buffer, static_cast<std::size_t>(count));
    }
    seen_.clear();
    return true;
  }

  void type(char key) const { REQUIRE(::write(master_.get(), &key, 1) == 1); }

  int wait() {
    int status = 0;
    ::waitpid(leader_, &status, 0);
    leader_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  bool is_as_before() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
           now.c_oflag == before_.c_oflag;
  }

private:
  troupe::base::unique_fd master_;
  troupe::base::unique_fd slave_; // so that what it was set to can still be looked at
  termios before_{};
  pid_t leader_ = 0; // of the session
  pid_t pid_ = 0;
  std::string seen_;
};

} // namespace

TEST_CASE("the key t prints what runs, and the terminal is as before in the end and while the run "
          "is stopped") {
  const command_run folder;
  const auto waits = script(
    folder, "waits", "while [ ! -e " + folder.file("go").string() + " ]; do sleep 0.05; done\n");
  run_on_terminal run({"--slow", "50ms", waits});
  REQUIRE(run.shows("SLOW")); // so it runs
  run.type('x');
  run.type('t');
  CHECK(run.shows("0 tests done, 1 running:"));
  CHECK_FALSE(run.is_as_before());
  ::kill(run.pid(), SIGTSTP);
  REQUIRE(troupe::test::eventually([&] { return is_stopped(run.pid()); }));
  CHECK(run.is_as_before());
  ::kill(run.pid(), SIGCONT);
  REQUIRE(run.shows("SLOW"));
  run.type('t');
  CHECK(run.shows("0 tests done, 1 running:"));
  write_whole_file(folder.file("go"), "");
  CHECK(run.shows("1 passed"));
  CHECK(run.wait() == 0);
  CHECK(run.is_as_before());
}

TEST_CASE("a run that nobody could let go on is not stopped") {
  const command_run folder;
  const auto waits = script(
    folder, "waits", "while [ ! -e " + folder.file("go").string() + " ]; do sleep 0.05; done\n");
  run_on_terminal run({"--slow", "50ms", waits}, run_on_terminal::led_by::itself);
  REQUIRE(run.shows("SLOW"));
  ::kill(run.pid(), SIGTSTP);
  run.type('t');
  CHECK(run.shows("0 tests done, 1 running:"));
  write_whole_file(folder.file("go"), "");
  CHECK(run.shows("1 passed"));
  CHECK(run.wait() == 0);
  CHECK(run.is_as_before());
}

TEST_CASE("a test that wants to read from the terminal finds none, and does not hang") {
  const command_run folder;
  const auto reads =
    script(folder, "reads", "read line < /dev/tty && exit 1\nread line && exit 1\nexit 0\n");
  run_on_terminal run({reads});
  CHECK(run.shows("1 passed"));
  CHECK(run.wait() == 0);
}

TEST_CASE("programs that print nothing, close what they have, or go on in the background get their "
          "verdicts") {
  command_run command;
  const auto silent = script(command, "silent", "exec 0<&- 1>&- 2>&-\nexit 0\n");
  const auto detached =
    script(command, "detached", "setsid sleep 1000 > /dev/null 2>&1 &\nexit 0\n");
  CHECK(command.run(silent + ' ' + detached) == 1);
  CHECK(lines(command.outcomes()) ==
        lines({{"silent.silent", ""}, {"detached.detached", "error left-behind"}}));
  CHECK_THAT(command.error_text("detached"), ContainsSubstring("sleep"));
}

TEST_CASE("a test that kills its parent takes no other with it") {
  command_run command;
  const auto runs = command.file("runs").string();
  const auto parent = command.file("parent").string();
  const auto kills = script(command, "kills",
    "echo $PPID > $0.pid && mv $0.pid " + parent + "\nwhile [ ! -e " + runs +
      " ]; do sleep 0.01; done\nkill -9 $PPID\n");
  const auto bystander = script(command, "bystander",
    "touch " + runs + "\nwhile [ ! -e " + parent + " ]; do sleep 0.01; done\n" +
      "while kill -0 $(cat " + parent + ") 2> /dev/null; do sleep 0.01; done\n");
  CHECK(command.run("-j2 " + kills + ' ' + bystander) == 1);
  CHECK(lines(command.outcomes()) ==
        lines({{"kills.kills", "error not started"}, {"bystander.bystander", ""}}));
}

TEST_CASE("a test that stops has not passed when its time is up") {
  command_run command;
  const auto stops = script(command, "stops", "kill -STOP $$\nexit 0\n");
  CHECK(command.run("--timeout 200ms --grace 60s " + stops) == 1);
  CHECK(lines(command.outcomes()) == lines({{"stops.stops", "error timeout"}}));
}

TEST_CASE("a program that is asked for its tests and says nothing, or something else, is named "
          "with what it said") {
  command_run command;
  const auto silent = script(command, "silent", "exit 0\n");
  const auto noisy = script(command, "noisy", "echo hello\n");
  for (const char* framework : {"gtest", "catch2", "catch2-3", "doctest", "boost"}) {
    CAPTURE(framework);
    CHECK(command.run("--framework " + std::string(framework) + ' ' + silent) == 5);
    CHECK_THAT(command.err(), StartsWith("troupe test: \"" + silent + "\" ("));
    CHECK_THAT(command.err(), ContainsSubstring("): cannot list its tests: it"));
    CHECK(command.run("--framework " + std::string(framework) + ' ' + noisy) == 5);
    CHECK_THAT(command.err(), EndsWith("; it wrote: hello\n"));
  }
}

TEST_CASE("a test gets an empty folder for its temporary files, whatever the one before it has "
          "done to it") {
  command_run command;
  const auto untidy = script(command, "untidy",
    "test -z \"$(ls -A $TMPDIR)\" && test \"$(stat -c %a $TMPDIR)\" = 700 || exit 1\n"
    "mkdir $TMPDIR/a && touch $TMPDIR/../b && chmod 500 $TMPDIR/a $TMPDIR\n");
  CHECK(command.run("-j1 --repeat 3 " + untidy) == 0);
  const auto removes = script(command, "removes", "test -d $TMPDIR && rm -r $(dirname $TMPDIR)\n");
  CHECK(command.run("-j1 --repeat 3 " + removes) == 0);
}

TEST_CASE("a program that is replaced while its tests run is named, and the run has failed") {
  command_run command;
  const auto itself = script(command, "itself", "cp $0 $0.new && mv $0.new $0\n");
  CHECK(command.run(itself) == 1);
  CHECK_THAT(command.out(),
    ContainsSubstring(
      "\"" + itself + "\" was replaced or removed while its tests ran: run them again"));
}

TEST_CASE("where a disk is full, the run says so, and what it could not write") {
  command_run command;
  CHECK(command.run("/bin/true --json /dev/full") == 5);
  CHECK(command.err() == "troupe test: cannot write \"/dev/full\": No space left on device\n");
  CHECK(command.run("/bin/true --json " + command.file("json").string() + " >/dev/full 2>" +
                    command.file("said").string() + " #") == 5);
  CHECK(read_whole_file(command.file("said")) ==
        "troupe test: cannot write the results to standard "
        "output: it is closed, or its disk is full\n");
  CHECK_THAT(read_whole_file(command.file("json")), ContainsSubstring("passed"));
}

#ifdef GTEST_QUICK
TEST_CASE("ten thousand cases of one binary are listed and run, and none is lost") {
  command_run command;
  ::setenv("QUICK_CASES", "10000", 1);
  CHECK(command.run("--group suite " GTEST_QUICK) == 0);
  ::unsetenv("QUICK_CASES");
  CHECK_THAT(
    command.out(), StartsWith("10000 tests in ") && EndsWith(": 10000 passed, 0 failed\n"));
  CHECK(command.outcomes().size() == 10000);
}
#endif
