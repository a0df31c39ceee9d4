#include "child/runtime/exits.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

namespace troupe::child {

void flush_output() {
  std::cout.flush();
  std::fflush(nullptr);
}

void leave(int code) {
  flush_output();
  ::_exit(code);
}

void leave_in_order(int code, bool executed) {
  if (executed)
    std::exit(code);
  leave(code);
}

} // namespace troupe::child
