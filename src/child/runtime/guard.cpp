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

// Of the lower half: the kernel looks at no other either.
constexpr std::size_t argument(std::size_t index) {
  return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t) +
         (std::endian::native == std::endian::big ? sizeof(std::uint32_t) : 0);
}
constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EACCES;
constexpr std::uint32_t not_permitted = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown_call = SECCOMP_RET_ERRNO | ENOSYS;

using filter_program = std::vector<sock_filter>;

void add(filter_program& to, std::initializer_list<sock_filter> more) {
  to.insert(to.end(), more);
}

// A terminal that it has open for reading would take what is put into it for what its user types.
void forbid_typing(filter_program& to) {
  add(to, {
            skip_unless_equal(SYS_ioctl, 5),
            load(argument(1)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
            give(not_permitted),
            give(SECCOMP_RET_ALLOW),
          });
}

// Of a pair of datagram sockets each end can send to any other socket of this machine that has a name. And an io_uring makes
// sockets without the system call.
void forbid_detours(filter_program& to) {
  constexpr std::uint32_t kinds_of_sockets = 0xf; // what is above are flags
  add(to, {
            skip_unless_equal(SYS_io_uring_setup, 1),
            give(refused),
            skip_unless_equal(SYS_socketpair, 6),
            load(argument(1)),
            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kinds_of_sockets),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_SEQPACKET, 0, 1),
            give(SECCOMP_RET_ALLOW),
            give(refused),
          });
}

void forbid_sockets(filter_program& to) {
  add(to, {
            skip_unless_equal(SYS_socket, 1),
            give(refused),
          });
}

// A socket of this machine that has a name in a directory is reached from any network, so only those of the internet are
// within.
void forbid_sockets_but_internet(filter_program& to) {
  add(to, {
            skip_unless_equal(SYS_socket, 5),
            load(argument(0)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
            give(SECCOMP_RET_ALLOW),
            give(refused),
          });
}

// In a further namespace for users it would have all capabilities there. Flags of clone3 cannot be looked at; the C library
// goes on with clone.
void forbid_namespaces(filter_program& to) {
  add(to, {
            skip_unless_equal(SYS_clone3, 1),
            give(unknown_call),
          });
  for (const std::uint32_t call : {SYS_unshare, SYS_clone})
    add(to, {
              skip_unless_equal(call, 4),
              load(argument(0)),
              BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),
              give(not_permitted),
              give(SECCOMP_RET_ALLOW),
            });
}

// The kernel lets a process set limits of all others of its user.
void forbid_limits_of_others(filter_program& to) {
  add(to, {
            skip_unless_equal(SYS_prlimit64, 5),
            load(argument(0)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), // the caller itself
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(::getpid()), 0, 1),
            give(SECCOMP_RET_ALLOW),
            give(not_permitted),
          });
}

void restrict_calls(const link::child_guard& wanted) {
  filter_program program;
  add(program, {
                 load(offsetof(seccomp_data, arch)),
                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, this_architecture, 1, 0),
                 give(SECCOMP_RET_KILL_PROCESS),
                 load(offsetof(seccomp_data, nr)),
                 BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32_calls, 0, 1),
                 give(SECCOMP_RET_KILL_PROCESS),
               });
  forbid_typing(program);
  if (!wanted.sockets || wanted.isolated)
    forbid_detours(program);
  if (!wanted.sockets)
    forbid_sockets(program);
  else if (wanted.isolated)
    forbid_sockets_but_internet(program);
  if (wanted.isolated) {
    forbid_namespaces(program);
    forbid_limits_of_others(program);
  }
  program.push_back(give(SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    lack("the kernel does not take the filter of system calls");
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
