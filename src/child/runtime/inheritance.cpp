#include "child/runtime/inheritance.hpp"

#include "link/control_socket.hpp"
#include "link/zygote_protocol.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

namespace troupe::child {

namespace {

// The control socket that this process inherited under the number in an environment variable; none if there
// is no such variable, or no such socket.
base::unique_fd inherited_socket(const char* variable) noexcept {
  const char* value = std::getenv(variable);
  if (value == nullptr)
    return {};
  const int fd = std::atoi(value);
  ::unsetenv(variable); // not for the children of this process
  int type = 0;
  socklen_t size = sizeof type;
  if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return {};
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::unique_fd(fd);
}

struct inheritance {
  base::unique_fd link = inherited_socket(link::link_variable);
  base::unique_fd zygote_socket = inherited_socket(link::zygote_variable);
  bool started_by_runtime = link || zygote_socket;
};

inheritance& inherited() noexcept {
  // Never destroyed: the destructor of a global object may ask.
  alignas(inheritance) static std::byte place[sizeof(inheritance)];
  static auto* const instance = ::new (place) inheritance;
  return *instance;
}

// Before the constructors of the program, which have lower priorities. Those of libraries may come earlier,
// and ask for it themselves.
[[gnu::constructor(101)]] void take_inheritance() {
  inherited();
}

} // namespace

bool was_started_by_runtime() noexcept {
  return inherited().started_by_runtime;
}

void note_started_by_runtime() noexcept {
  inherited().started_by_runtime = true;
}

base::unique_fd take_link() {
  return std::move(inherited().link);
}

base::unique_fd take_zygote_socket() {
  return std::move(inherited().zygote_socket);
}

} // namespace troupe::child
