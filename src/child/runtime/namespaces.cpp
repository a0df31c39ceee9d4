#include "child/runtime/namespaces.hpp"

#include "base/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// Some let a namespace for users be made, and forbid what it is for.
constexpr const char* who_forbids =
  " (look at sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, at AppArmor, and "
  "at what a container forbids)";

[[noreturn]] void cannot_isolate(const std::string& what) {
  throw std::system_error(
    errno, std::generic_category(), "pool option sandbox: \"isolated\" needs " + what);
}

void write_whole(const char* path, const std::string& text) {
  const base::unique_fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    cannot_isolate(std::string("to write ") + path + who_forbids);
}

// The same in the new namespace as outside, and nobody else is there.
void keep_ids(uid_t user, gid_t group) {
  const auto only = [](auto id) { return std::to_string(id) + ' ' + std::to_string(id) + " 1"; };
  write_whole("/proc/self/setgroups", "deny"); // without this only a privileged process may go on
  write_whole("/proc/self/uid_map", only(user));
  write_whole("/proc/self/gid_map", only(group));
}

void set_loopback_up() {
  const base::unique_fd any_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  if (!any_socket || ::ioctl(any_socket.get(), SIOCSIFFLAGS, &request) != 0)
    cannot_isolate("a loopback interface");
}

// It had all of them in its own namespace, where they are good for nothing but attacks on the kernel.
void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0)
    cannot_isolate("to give up its capabilities");
}

} // namespace

void enter_own_namespaces(bool loopback) {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    cannot_isolate(
      std::string("namespaces of its own, also for users, which the system does not give") +
      who_forbids);
  keep_ids(user, group);
  if (loopback)
    set_loopback_up();
  drop_capabilities();
}

} // namespace troupe::child
