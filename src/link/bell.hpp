#pragma once

#include "base/unique_fd.hpp"

namespace troupe::link {

/// The two ends of a pipe by which one side of a link wakes the other.
///
/// A pipe and not an eventfd: its ends are open files of their own, so what a child does to the flags of
/// its end (`O_NONBLOCK`) does not make the parent's end block. Both are non-blocking and close-on-exec.
struct bell {
  base::unique_fd read;
  base::unique_fd write;
};

/// Throws `std::system_error`.
bell make_bell();

} // namespace troupe::link
