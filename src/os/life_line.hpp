#pragma once

#include "base/unique_fd.hpp"

#include <utility>

#include <sys/types.h>

namespace troupe::os {

/// Has the kernel kill the process group that a child of this process leads, when this process dies, in whatever way:
/// with a child that has become another user's and has lost its death signal so, and with all that it has started and
/// that is in its group. It is a pipe of which this process has both ends: that the writing one is gone is a signal for the
/// group, as `fcntl(2)` has it under F_SETSIG. Move-only.
class life_line {
public:
  /// None.
  life_line() = default;
  life_line(life_line&&) noexcept = default;
  life_line& operator=(life_line&& other) noexcept {
    reader_ = std::move(other.reader_); // first: see below
    writer_ = std::move(other.writer_);
    return *this;
  }
  /// Makes it, if there are descriptors for it: a child has a death signal of its own beside this. `child` has not been
  /// waited for.
  static life_line to_group_of(pid_t child) noexcept;

private:
  // At its end, the kernel gives up the file of the highest number first, so the writing end must be above the other. A
  // plain fork of this process has both ends, too: as long as one lives that does not execute a program, it does not help.
  // And where both are given up in order, the reading one goes first, and nobody is killed.
  base::unique_fd writer_;
  base::unique_fd reader_;
};

} // namespace troupe::os
