#include "link/bell.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::link {

bell make_bell() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe for the link to a child");
  bell made{base::unique_fd(ends[0]), base::unique_fd(ends[1])};
  // One page is more than enough, and what pipes may take in all is limited. It is no loss if it fails.
  ::fcntl(made.write.get(), F_SETPIPE_SZ, static_cast<int>(::sysconf(_SC_PAGESIZE)));
  return made;
}

} // namespace troupe::link
