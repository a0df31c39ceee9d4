#include "child/runtime/standard_streams.hpp"

#include "child/runtime/exits.hpp"
#include "os/process_setup.hpp"

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>

#include <stdio_ext.h>
#include <unistd.h>

namespace troupe::child {

namespace {

void replace(int stream, const base::unique_fd& by) {
  if (by && ::dup2(by.get(), stream) < 0)
    throw std::system_error(
      errno, std::generic_category(), "redirecting a standard stream of a child");
}

} // namespace

void redirect_streams(
  const base::unique_fd& in, const base::unique_fd& out, const base::unique_fd& err) {
  replace(STDIN_FILENO, in);
  if (in) { // it may have been read before, when there was nothing in it
    ::__fpurge(stdin);
    std::clearerr(stdin);
    std::cin.clear();
  }
  if (!out)
    return;
  flush_output();
  replace(STDOUT_FILENO, out);
  replace(STDERR_FILENO, err);
  // By itself it would keep lines until its buffer is full, as stdout is not a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
}

void forget_input() noexcept {
  ::__fpurge(stdin);
  os::empty_input();
}

} // namespace troupe::child
