#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace troupe::os {

/// A thread, or an error that says what it is for: "starting the thread of ...".
template <class F>
std::thread start_thread(const char* whose, F&& run) {
  try {
    return std::thread(std::forward<F>(run));
  } catch (const std::system_error& e) {
    throw std::system_error(e.code(), std::string("starting the thread of ") + whose);
  }
}

} // namespace troupe::os
