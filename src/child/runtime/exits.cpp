#include "child/runtime/exits.hpp"

#include <cstdio>
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

} // namespace troupe::child
