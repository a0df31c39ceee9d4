// Says that it is being loaded, and is not until it may be.
#include <fcntl.h>
#include <unistd.h>

namespace {

[[gnu::constructor]] void hang() {
  close(open("loading", O_WRONLY | O_CREAT, 0600));
  while (access("may_load", F_OK) != 0)
    usleep(10'000);
}

} // namespace
