#include "command/start.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "troupe/command/running.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace troupe::test;
using troupe_cli::command;
using troupe_cli::describe;
using troupe_cli::end_cause;

TEST_CASE("a command ends with its exit code") {
  CHECK(run({.argv = {"true"}}).ok());
  const auto failed = run(shell("exit 7"));
  CHECK(failed.cause == end_cause::itself);
  CHECK(failed.exit_code == 7);
  CHECK_FALSE(failed.ok());
  CHECK(describe(failed) == "exit code 7");
  CHECK(failed.wall_time.count() > 0);
  CHECK(failed.peak_kilobytes > 0);
  CHECK(failed.left.empty());
}

TEST_CASE("a command that a signal ends has that signal") {
  const auto end = run(shell("kill -SEGV $$"));
  CHECK(end.cause == end_cause::itself);
  CHECK(end.signal == SIGSEGV);
  CHECK(end.exit_code == -1);
  CHECK(describe(end) == "signal 11 (SIGSEGV, Segmentation fault)");
}

TEST_CASE("stdout and stderr of a command are files") {
  const test_folder folder;
  auto what = shell("echo out; echo err >&2; echo again");
  what.stdout_file = folder / "out";
  what.stderr_file = folder / "err";
  CHECK(run(what).ok());
  CHECK(contents(folder / "out") == "out\nagain\n");
  CHECK(contents(folder / "err") == "err\n");

  what.stderr_file = what.stdout_file;
  CHECK(run(what).ok());
  CHECK(contents(folder / "out") == "out\nerr\nagain\n");
}

TEST_CASE("a command has an empty stdin and no descriptors of this process") {
  const test_folder folder;
  auto what = shell("cat; ls /proc/self/fd | wc -l");
  what.stdout_file = folder / "out";
  CHECK(run(what).ok());
  CHECK(contents(folder / "out") == "4\n"); // 0, 1, 2 and that of ls
}

TEST_CASE("a command has the environment that was asked for") {
  const test_folder folder;
  auto what = shell("echo $A,$B,${HOME-none}; echo ${TROUPE_COMMAND:+marked}");
  what.environment = {"A=1", "B=2=3", "A=4"};
  what.environment_without = {"HOME"};
  what.stdout_file = folder / "out";
  CHECK(run(what).ok());
  CHECK(contents(folder / "out") == "4,2=3,none\nmarked\n");
}

TEST_CASE("a command runs where it should") {
  const test_folder folder;
  command what{.argv = {"pwd", "-P"}};
  what.directory = folder.path();
  what.stdout_file = folder / "out";
  CHECK(run(what).ok());
  CHECK(contents(what.stdout_file) == std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("a command has the limits that were asked for") {
  const test_folder folder;
  auto what = shell("ulimit -n; ulimit -v; ulimit -f; ulimit -t; nice");
  what.limits.open_files = 20;
  what.limits.address_space = 512U << 20;
  what.limits.file_size = 512 * 1000;
  what.limits.cpu_time = std::chrono::seconds(9);
  what.limits.nice = 3;
  what.stdout_file = folder / "out";
  CHECK(run(what).ok());
  const auto niceness = std::to_string(::getpriority(PRIO_PROCESS, 0) + 3); // it is added
  CHECK(contents(folder / "out") == "20\n524288\n1000\n9\n" + niceness + "\n");
}

TEST_CASE("a command that cannot be started says why and what helps") {
  const test_folder folder;
  const auto problem = [](const command& what) {
    const auto end = run(what);
    CHECK(end.cause == end_cause::not_started);
    return std::pair(end.problem_number, end.problem);
  };
  const auto write = [&](const std::string& name, const std::string& text, unsigned mode) {
    std::ofstream(folder / name) << text;
    ::chmod((folder / name).c_str(), mode);
    return folder / name;
  };
  using said = std::pair<int, std::string>;

  CHECK(problem({.argv = {"no-such-program"}}) ==
        said(ENOENT, "cannot run \"no-such-program\": there is no such program in PATH"));
  CHECK(problem({.argv = {"/no/such\x1b[m"}}) ==
        said(ENOENT, "cannot run \"/no/such\\x1b[m\": there is no such file"));
  const auto orphan = write("orphan", "#!/no/shell\n", 0700);
  CHECK(problem({.argv = {orphan}}) ==
        said(ENOENT, "cannot run \"" + orphan +
                       "\": the interpreter that it names does not exist: see its first line, or "
                       "`file` of it"));
  const auto plain = write("plain", "#!/bin/sh\n", 0600);
  CHECK(problem({.argv = {plain}}) ==
        said(EACCES, "cannot run \"" + plain +
                       "\": it may not be executed: `chmod +x` makes it a program, unless its file "
                       "system or a directory above it forbids that"));
  CHECK(problem({.argv = {folder.path()}}) ==
        said(EACCES, "cannot run \"" + folder.path() + "\": it is a directory"));
  const auto text = write("text", "hello\n", 0700);
  CHECK(problem({.argv = {text}}) ==
        said(ENOEXEC,
          "cannot run \"" + text +
            "\": it is neither a program of this machine nor a script that begins with #!"));
  CHECK(problem({.argv = {"true", std::string(200'000, 'x')}}).first == E2BIG);
  CHECK(problem({.argv = {}}) == said(EINVAL, "there is no command to run: its name is empty"));

  const int busy = ::open(write("busy", "#!/bin/sh\n", 0700).c_str(), O_WRONLY | O_CLOEXEC);
  CHECK(problem({.argv = {folder / "busy"}}) ==
        said(ETXTBSY,
          "cannot run \"" + (folder / "busy") + "\": some process has it open for writing"));
  ::close(busy);

  command elsewhere{.argv = {"true"}};
  elsewhere.directory = "/no/where";
  CHECK(problem(elsewhere) ==
        said(ENOENT, "cannot run in the directory \"/no/where\": No such file or directory"));
  command unwritten{.argv = {"true"}};
  unwritten.stdout_file = "/no/where/out";
  CHECK(problem(unwritten) ==
        said(ENOENT, "cannot write the output to \"/no/where/out\": No such file or directory"));
  command unlimited{.argv = {"true"}};
  unlimited.limits.open_files = std::size_t{1} << 40;
  CHECK(problem(unlimited).second ==
        "cannot set the limit of open files: Operation not permitted; it must not be above that of "
        "this process");
}

TEST_CASE("a process without descriptors says that it has none left") {
  troupe::pool pool(rt(), {.processes = 1, .limits = {.open_files = 64}});
  auto said = pool.apply([] {
    std::vector<int> all;
    for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
      all.push_back(fd);
    ::close(all.back()); // that is for stdin
    std::string text;
    try {
      troupe_cli::start_command({.argv = {"true"}}, {}, {});
    } catch (const troupe_cli::start_problem& problem) {
      text = problem.text;
    }
    for (const int fd : all)
      ::close(fd);
    return text;
  });
  CHECK(said.get() == "cannot start a process: this process has no descriptors left: run fewer at "
                      "once, or raise `ulimit -n`");
}

TEST_CASE("a hundred commands leave no descriptor, no process and no memory of themselves") {
  const auto descriptors = [] {
    return command_pool().apply([] { return open_descriptors(::getpid()); }).get();
  };
  run({.argv = {"true"}});
  const auto before = descriptors();
  std::vector<troupe::task_future<troupe_cli::command_end>> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(begin({.argv = {"true"}}));
    many.push_back(begin({.argv = {"/no/such"}}));
  }
  for (auto& each : many)
    each.wait();
  CHECK(descriptors() == before);
  CHECK(command_pool().apply([] { return children_of(::getpid()).size(); }).get() == 0);
}
