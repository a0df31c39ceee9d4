// Programs that have another user's rights, or some of root's: the kernel takes the death signal of their children away
// when it executes them. Files with such rights can be made by root only.
#include "support/catch.hpp"
#include "support/piped_program.hpp"
#include "support/process_info.hpp"
#include "support/program_copy.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

// Users that need not exist: one who starts the program, and the one who owns it.
constexpr uid_t starter = 54'321;
constexpr uid_t owner = 54'322;

// Why such a program cannot be tried here; empty if it can.
std::string why_not() {
  if (::geteuid() != 0)
    return "only root can make programs with other rights";
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
    return "no_new_privs is set, so programs get no other rights";
  struct statvfs files {};
  if (::statvfs(program_copy::public_directory, &files) != 0 || (files.f_flag & ST_NOSUID) != 0)
    return std::string(program_copy::public_directory) + " is mounted nosuid";
  return {};
}

// CTest knows a test that was skipped by this word.
bool is_skipped() {
  const auto reason = why_not();
  if (!reason.empty())
    WARN("skipped: " << reason);
  return !reason.empty();
}

// Nobody has the program's rights but the program: neither this test, nor who starts it.
void check_children_end_with(const program_copy& program, const std::string& effective_user) {
  for (const char* method : {"spawn", "forkserver", "fork"}) {
    INFO(method);
    piped_program parent(AS_USER,
      {"as_user", std::to_string(starter), program.path(), "leaving_parent", "waits", method});
    REQUIRE(parent.read_until("up\n") ==
            "user " + std::to_string(starter) + " as " + effective_user + "\nup\n");
    const auto children = children_of(parent.pid());
    CHECK(children.size() >= 3);
    parent.kill();
    for (const pid_t child : children)
      if (!eventually([&] { return state_of(child).empty() || state_of(child) == "Z"; })) {
        FAIL_CHECK("a child stays");
        ::kill(child, SIGKILL);
      }
  }
}

} // namespace

TEST_CASE("children of a program that runs as another user end with it") {
  if (is_skipped())
    return;
  const program_copy program(LEAVING_PARENT);
  for (const uid_t user : {owner, uid_t{0}}) {
    REQUIRE(::chown(program.path().c_str(), user, static_cast<gid_t>(-1)) == 0);
    REQUIRE(::chmod(program.path().c_str(), 04755) == 0);
    check_children_end_with(program, std::to_string(user));
  }
}

TEST_CASE("children of a program with capabilities end with it") {
  if (is_skipped())
    return;
  const program_copy program(LEAVING_PARENT);
  vfs_cap_data capabilities{};
  capabilities.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capabilities.data[0].permitted = 1u << CAP_NET_BIND_SERVICE;
  if (::setxattr(
        program.path().c_str(), "security.capability", &capabilities, XATTR_CAPS_SZ_2, 0) != 0) {
    WARN("skipped: files cannot have capabilities here: " << std::strerror(errno));
    return;
  }
  check_children_end_with(program, std::to_string(starter));
}
