#include "support/piped_program.hpp"

#include "support/catch.hpp"

#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

piped_program::piped_program(
  const std::filesystem::path& file, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int input[2];
  int output[2];
  REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(input[0], 0);
    ::dup2(output[1], 1);
    ::execv(file.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  input_.reset(input[1]);
  output_.reset(output[0]);
}

void piped_program::tell() {
  CHECK(::write(input_.get(), "x", 1) == 1);
}

std::string piped_program::read_until(std::string_view end) {
  std::string text;
  char byte = 0;
  while (!(text.ends_with(end) && !end.empty()) && ::read(output_.get(), &byte, 1) == 1)
    text += byte;
  return text;
}

int piped_program::wait() {
  int status = -1;
  ::waitpid(pid_, &status, 0);
  waited_ = true;
  return status;
}

void piped_program::kill() {
  if (waited_)
    return;
  ::kill(pid_, SIGKILL);
  wait();
}

} // namespace troupe::test
