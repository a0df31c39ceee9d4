#pragma once

#include "base/unique_fd.hpp"
#include "os/child_descriptor.hpp"

#include <sys/types.h>

namespace troupe::parent {

/// A process that has just been started, not yet waited for.
struct started_process {
  pid_t pid = 0;
  os::child_descriptor descriptor;
};

/// One way to start children: a start method. Belongs to a launcher and is used on its thread only.
class child_starter {
public:
  virtual ~child_starter() = default;

  /// Starts a child that inherits `control` as its link. May block, but not for long once `stop`, a
  /// descriptor, has become readable. Throws what prevents the start.
  virtual started_process start(const base::unique_fd& control, int stop) = 0;
};

} // namespace troupe::parent
