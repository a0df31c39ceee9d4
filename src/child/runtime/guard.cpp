#include "child/runtime/guard.hpp"

#include "base/unique_fd.hpp"
#include "child/runtime/namespaces.hpp"
#include "os/thread_count.hpp"

#include <troupe/errors.hpp>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock: Documentation/userspace-api/landlock.rst of the kernel, and landlock(7). Seccomp: seccomp(2).
namespace troupe::child {

namespace {

// The first version that keeps files from being truncated, and the first that keeps signals within.
constexpr int truncating_landlock = 3;
constexpr int signalling_landlock = 6;
// Not in the header of Debian 12's C library, which knows version 2.
constexpr std::uint64_t access_truncate = 1ull << 14;
constexpr std::uint64_t scope_signal = 1ull << 1;
struct ruleset_attributes { // landlock_ruleset_attr of version 6
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t changes_of_files = LANDLOCK_ACCESS_FS_WRITE_FILE | access_truncate;
constexpr std::uint64_t all_changes =
  changes_of_files | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
  LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
  LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;

[[noreturn]] void lack(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), "pool option sandbox: " + what);
}

// -- files ----------------------------------------------------------------------------------------------

void require_landlock(bool isolated) {
  const std::string name = isolated ? "\"isolated\"" : "\"guarded\"";
  const auto version =
    ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0)
    lack(name + " needs Landlock, which this kernel does not offer");
  const int least = isolated ? signalling_landlock : truncating_landlock;
  if (version < least)
    throw error("pool option sandbox: " + name + " needs version " + std::to_string(least) +
                " of Landlock (Linux " + (isolated ? "6.12" : "6.2") +
                "), this kernel has version " + std::to_string(version));
}

void allow_changes(const base::unique_fd& rules, const std::string& path, std::uint64_t which) {
  const base::unique_fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0)
    lack("the writable directory " + path + " cannot be opened");
  if (which == all_changes && !S_ISDIR(status.st_mode)) {
    errno = ENOTDIR;
    lack("the writable directory " + path + " cannot be opened");
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = which;
  rule.parent_fd = place.get();
  if (::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    lack("changes beneath " + path + " cannot be allowed");
}

// What an older kernel does not know of the attributes must not be given to it.
base::unique_fd make_rules(bool isolated) {
  ruleset_attributes handled;
  handled.handled_access_fs = all_changes;
  handled.scoped = isolated ? scope_signal : 0;
  const auto size = isolated ? sizeof handled : sizeof handled.handled_access_fs;
  base::unique_fd rules(
    static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, size, 0)));
  if (!rules)
    lack("the kernel does not take the rules");
  return rules;
}

void forbid_changes(const std::vector<std::string>& but_beneath, bool isolated) {
  const auto rules = make_rules(isolated);
  for (const auto& directory : but_beneath)
    allow_changes(rules, directory, all_changes);
  if (::access("/dev/null", F_OK) == 0)
    allow_changes(rules, "/dev/null", changes_of_files);
  if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0)
    lack("the kernel does not enforce the rules");
}

// -- system calls ---------------------------------------------------------------------------------------

#if defined(__x86_64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t this_architecture = 0;
#endif

// Calls of another architecture, and those of the x32 ABI, have other numbers.
constexpr std::uint32_t x32_calls = 0x4000'0000;

constexpr sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter give(std::uint32_t what) {
  return BPF_STMT(BPF_RET | BPF_K, what);
}
constexpr sock_filter skip_unless_equal(std::uint32_t value, std::uint8_t skipped) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EACCES;
constexpr std::uint32_t not_permitted = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown_call = SECCOMP_RET_ERRNO | ENOSYS;

// A filter of system calls, in the making. It begins with what is no call of this processor; then calls are looked at one
// after another, and what none of them is about is allowed.
class call_filter {
public:
  call_filter() {
    add({
      load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, this_architecture, 1, 0),
      give(SECCOMP_RET_KILL_PROCESS),
      load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32_calls, 0, 1),
      give(SECCOMP_RET_KILL_PROCESS),
    });
  }

  void answer(std::uint32_t call, std::uint32_t what) {
    add({skip_unless_equal(call, 1), give(what)});
  }
  // An argument of the call that has these bits.
  struct argument {
    std::size_t index = 0;
    std::uint32_t bits = ~0u;
  };
  // By whether the argument is one of the two.
  void answer_by_value(std::uint32_t call, argument of, std::uint32_t one, std::uint32_t other,
    std::uint32_t if_so, std::uint32_t if_not) {
    add({
      skip_unless_equal(call, 6),
      load(offset_of(of.index)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, of.bits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0),
      skip_unless_equal(other, 1),
      give(if_so),
      give(if_not),
    });
  }

  void put_in_force() {
    program_.push_back(give(allowed));
    const sock_fprog filter{static_cast<unsigned short>(program_.size()), program_.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
      lack("the kernel does not take the filter of system calls");
  }

private:
  void add(std::initializer_list<sock_filter> more) { program_.insert(program_.end(), more); }
  // Of the lower half: the kernel looks at no other either.
  static constexpr std::size_t offset_of(std::size_t index) {
    return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t) +
           (std::endian::native == std::endian::big ? sizeof(std::uint32_t) : 0);
  }

  std::vector<sock_filter> program_;
};

// A terminal that it has open for reading would take what is put into it for what its user types.
void forbid_typing(call_filter& to) {
  to.answer_by_value(SYS_ioctl, {1}, TIOCSTI, TIOCLINUX, not_permitted, allowed);
}

// Of a pair of datagram sockets each end can send to any other socket of this machine that has a name. And an io_uring makes
// sockets without the system call.
void forbid_detours(call_filter& to) {
  constexpr std::uint32_t kinds_of_sockets = 0xf; // what is above are flags
  to.answer(SYS_io_uring_setup, refused);
  to.answer_by_value(
    SYS_socketpair, {1, kinds_of_sockets}, SOCK_STREAM, SOCK_SEQPACKET, allowed, refused);
}

// A socket of this machine that has a name in a directory is reached from any network, so only those of the internet are
// within.
void forbid_sockets_but_internet(call_filter& to) {
  to.answer_by_value(SYS_socket, {0}, AF_INET, AF_INET6, allowed, refused);
}

// In a further namespace for users it would have all capabilities there. Flags of clone3 cannot be looked at; the C library
// goes on with clone.
void forbid_namespaces(call_filter& to) {
  to.answer(SYS_clone3, unknown_call);
  for (const auto call : {SYS_unshare, SYS_clone})
    to.answer_by_value(static_cast<std::uint32_t>(call), {0, CLONE_NEWUSER}, CLONE_NEWUSER,
      CLONE_NEWUSER, not_permitted, allowed);
}

// The kernel lets a process set limits of all others of its user.
void forbid_limits_of_others(call_filter& to) {
  constexpr std::uint32_t itself = 0;
  to.answer_by_value(
    SYS_prlimit64, {0}, itself, static_cast<std::uint32_t>(::getpid()), allowed, not_permitted);
}

void restrict_calls(const link::child_guard& wanted) {
  call_filter filter;
  forbid_typing(filter);
  if (!wanted.sockets || wanted.isolated)
    forbid_detours(filter);
  if (!wanted.sockets)
    filter.answer(SYS_socket, refused);
  else if (wanted.isolated)
    forbid_sockets_but_internet(filter);
  if (wanted.isolated) {
    forbid_namespaces(filter);
    forbid_limits_of_others(filter);
  }
  filter.put_in_force();
}

} // namespace

void guard(const link::child_guard& wanted) {
  if (!wanted.on)
    return;
  if (this_architecture == 0)
    throw error("pool option sandbox: there is none for this processor");
  require_landlock(wanted.isolated);
  // Other threads would be outside, and do for a task whatever it asks them.
  if (const auto threads = os::settled_thread_count(); threads > 1)
    throw error("pool option sandbox: threads that the program has started already (" +
                std::to_string(threads - 1) +
                ") would stay outside: start them in the initializer");
  if (wanted.isolated)
    enter_own_namespaces(wanted.sockets);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    lack("the kernel does not keep the child from gaining privileges");
  forbid_changes(wanted.writable, wanted.isolated);
  restrict_calls(wanted);
}

} // namespace troupe::child
