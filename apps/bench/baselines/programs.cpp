#include "baselines.hpp"
#include "scripts.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

// Starts a program with a pipe from its output; its exit status is what `wait_for` gives.
pid_t start_program(const words& command, int output) {
  std::vector<char*> argv;
  for (const auto& word : command)
    argv.push_back(const_cast<char*>(word.c_str())); // posix_spawn writes nothing
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT)
    throw unavailable(command.front() + " is not installed");
  if (failed != 0)
    throw std::runtime_error(command.front() + " cannot be started: " + std::strerror(failed));
  return pid;
}

std::string read_all(int descriptor) {
  std::string text;
  char part[4096];
  for (;;) {
    const auto size = ::read(descriptor, part, sizeof part);
    if (size > 0)
      text.append(part, static_cast<std::size_t>(size));
    else if (size == 0 || errno != EINTR)
      return text;
  }
}

// A line is "WHAT... VALUE UNIT", or "unavailable REASON...".
reading parse_line(const std::string& program, const std::string& line) {
  constexpr std::string_view absent = "unavailable ";
  if (line.starts_with(absent))
    throw unavailable(line.substr(absent.size()));
  const auto unit = line.rfind(' ');
  const auto value = unit == std::string::npos || unit == 0 ? unit : line.rfind(' ', unit - 1);
  if (value == std::string::npos)
    throw std::runtime_error(program + " printed what is no reading: " + line);
  return {line.substr(0, value), std::strtod(line.c_str() + value, nullptr), line.substr(unit + 1)};
}

std::vector<reading> parse(const std::string& program, const std::string& text) {
  std::vector<reading> readings;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    readings.push_back(parse_line(program, line));
  return readings;
}

std::vector<reading> run_program(const words& command) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("pipe2 failed: ") + std::strerror(errno));
  const struct closer {
    const int* ends;
    ~closer() { ::close(ends[0]); }
  } close_at_end{ends};
  pid_t pid = 0;
  try {
    pid = start_program(command, ends[1]);
  } catch (...) {
    ::close(ends[1]);
    throw;
  }
  ::close(ends[1]);
  const auto text = read_all(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  auto readings = parse(command.front(), text);
  if (status != 0 || readings.empty())
    throw std::runtime_error(command.front() + " failed with status " + std::to_string(status));
  return readings;
}

contender from_program(std::string name, words command, const words& arguments) {
  command.insert(command.end(), arguments.begin(), arguments.end());
  return {std::move(name), [command = std::move(command)] { return run_program(command); }};
}

// The file of a program that is built and installed with this one, if it is there.
contender own_program(
  std::string name, const std::string& file, const char* needs, const words& arguments) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const auto& place : {here / file, here / "../libexec/troupe" / file})
    if (std::filesystem::exists(place))
      return from_program(std::move(name), {place.string()}, arguments);
  return {std::move(name), [file, needs]() -> std::vector<reading> {
            throw unavailable("not built: there is no " + file + " (" + needs + ")");
          }};
}

} // namespace

contender caf_program(const words& arguments) {
  return own_program("CAF remote actor, TCP", "troupe-bench-caf", "cmake --build", arguments);
}

contender zeromq_program(const words& arguments) {
  return own_program("ZeroMQ ROUTER/DEALER, ipc", "troupe-bench-zeromq", "libzmq3-dev", arguments);
}

contender books_program(const std::string& name, const words& arguments) {
  return own_program(name, "troupe-bench-books", "cmake --build", arguments);
}

contender multiprocessing_pool(const words& arguments) {
  return from_program(
    "Python multiprocessing.Pool", {"python3", "-c", multiprocessing_pool_script}, arguments);
}

contender process_pool_executor(const words& arguments) {
  return from_program(
    "Python ProcessPoolExecutor", {"python3", "-c", process_pool_executor_script}, arguments);
}

contender workerpool(const words& arguments) {
  return from_program("Node workerpool", {"node", "-e", workerpool_script, "--"}, arguments);
}

} // namespace bench
