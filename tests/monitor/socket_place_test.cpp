// Where the sockets of watched processes lie, and when they are refused.
#include "monitor/runtime_directory.hpp"
#include "monitor/socket_place.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::test;
namespace fs = std::filesystem;

namespace {

// A directory for one test, which removes it.
struct scratch_directory {
  explicit scratch_directory(const std::string& name)
    : path(runtime_directory() + "/" + name) {
    fs::create_directory(path);
  }
  ~scratch_directory() { fs::remove_all(path); }
  std::string path;
};

} // namespace

TEST_CASE("a directory that others may enter is refused") {
  const scratch_directory place("open");
  const auto inner = place.path + "/troupe";
  monitor::make_private_directory(inner);
  struct stat is {};
  REQUIRE(::stat(inner.c_str(), &is) == 0);
  CHECK((is.st_mode & 0777) == 0700);
  monitor::make_private_directory(inner); // it may be there
  ::chmod(inner.c_str(), 0750);
  CHECK_THROWS_WITH(monitor::make_private_directory(inner),
    "the directory " + inner + " is open to other users: close it with chmod 700");
}

TEST_CASE("what is no directory, or a link to one, is refused") {
  const scratch_directory place("links");
  const auto file = place.path + "/file";
  std::ofstream(file).put('x');
  CHECK_THROWS_WITH(monitor::make_private_directory(file), file + " is no directory: remove it");
  const auto link = place.path + "/link";
  fs::create_directory_symlink(place.path, link);
  CHECK_THROWS_WITH(monitor::make_private_directory(link), link + " is no directory: remove it");
  CHECK_THROWS_WITH(monitor::make_private_directory(place.path + "/none/troupe"),
    "making the directory " + place.path + "/none/troupe: No such file or directory");
}

TEST_CASE("the user's runtime directory is preferred if it is the user's own") {
  const auto own = "/tmp/troupe-" + std::to_string(::geteuid());
  const auto before = runtime_directory();
  CHECK(monitor::socket_directories() == std::vector<std::string>{before + "/troupe", own});
  for (const char* other : {"relative", "/proc/1", "/nowhere", ""}) {
    ::setenv("XDG_RUNTIME_DIR", other, 1);
    if (std::string(other) == "/proc/1" && ::geteuid() == 0)
      continue; // which is root's
    CHECK(monitor::socket_directories() == std::vector<std::string>{own});
  }
  ::setenv("XDG_RUNTIME_DIR", before.c_str(), 1);
}

TEST_CASE("a path that is too long for a socket is an error that says so") {
  const auto before = runtime_directory();
  const scratch_directory place(std::string(100, 'x'));
  ::setenv("XDG_RUNTIME_DIR", place.path.c_str(), 1);
  CHECK_THROWS_WITH(monitor::socket_place("program"), "the path " + place.path + "/troupe/" +
                                                        std::to_string(::getpid()) +
                                                        "-program.sock is too long for a socket");
  ::setenv("XDG_RUNTIME_DIR", before.c_str(), 1);
}

TEST_CASE("a program may have any name") {
  const monitor::socket_place place("../../etc/\x1b[2J a very long name of a program, indeed");
  CHECK(fs::path(place.path()).parent_path() == runtime_directory() + "/troupe");
  CHECK(fs::path(place.path()).filename() ==
        std::to_string(::getpid()) + "-.._.._etc___2J_a_very_long_name_.sock");
}
