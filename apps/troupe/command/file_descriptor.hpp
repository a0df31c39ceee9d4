#pragma once

#include <utility>

#include <unistd.h>

namespace troupe_cli {

/// A descriptor that is closed with it, or none (-1).
struct file_descriptor {
  explicit file_descriptor(int opened = -1)
    : number(opened) {}
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor() { reset(); }

  void reset() {
    if (number >= 0)
      ::close(std::exchange(number, -1));
  }
  /// Leaves the descriptor to the caller.
  int take() { return std::exchange(number, -1); }

  int number;
};

} // namespace troupe_cli
