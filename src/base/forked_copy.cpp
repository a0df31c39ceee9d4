#include "base/forked_copy.hpp"

#include <stdexcept>
#include <string>
#include <system_error>

#include <pthread.h>

namespace troupe::base {

namespace {

// Not atomic: the first is written by a fork's only thread, before anything else runs there; the second while
// a runtime is made and destroyed.
bool is_copy = false;
bool runtime_exists = false;

void mark_copy() {
  is_copy = is_copy || runtime_exists;
}

} // namespace

bool is_forked_copy() noexcept {
  return is_copy;
}

void check_not_forked_copy(const char* what) {
  if (is_copy)
    throw std::logic_error(std::string(what) +
                           ": this process is a forked copy of the one that has the "
                           "troupe::runtime, whose pools only that one can use: fork, or call "
                           "daemon(), before the runtime is made");
}

void runtime_begins() {
  static const int error = ::pthread_atfork(nullptr, nullptr, mark_copy);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "watching for forks of this process");
  runtime_exists = true;
}

void runtime_ends() noexcept {
  runtime_exists = false;
}

} // namespace troupe::base
