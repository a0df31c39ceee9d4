#pragma once

#include <cstdio>
#include <cstdlib>

/// An invariant of our own, checked in every build: going on with broken accounts would lose tasks.
#define TROUPE_ASSERT(condition)                                                                   \
  ((condition) ? static_cast<void>(0)                                                              \
               : ::troupe::base::assertion_failed(#condition, __FILE__, __LINE__))

namespace troupe::base {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: troupe: internal error: %s does not hold\n", file, line, condition);
  std::abort();
}

} // namespace troupe::base
