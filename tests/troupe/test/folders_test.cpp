// Folders in which tests run, whatever they leave in them.
#include "test/process/run_folder.hpp"
#include "test/remove_folder.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace troupe_cli::test;

namespace {

// As a user whom permissions hold up: whether it returns true of a folder of that user's.
bool holds_for_a_user(const std::function<bool(const std::string& folder)>& what) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 &&
        (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0))
      ::_exit(2);
    char folder[] = "/tmp/troupe-folders-XXXXXX";
    if (::mkdtemp(folder) == nullptr)
      ::_exit(3);
    const bool held = what(folder);
    const int removed =
      std::system(("chmod -R u+rwx " + std::string(folder) + " && rm -r " + folder).c_str());
    ::_exit(held && removed == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) < 2);
  return WEXITSTATUS(status) == 0;
}

void leave_what_is_locked(const std::string& folder) {
  std::filesystem::create_directories(folder + "/closed/inner");
  std::ofstream(folder + "/closed/inner/file").put('x');
  ::chmod((folder + "/closed/inner").c_str(), 0500);
  ::chmod((folder + "/closed").c_str(), 0);
  ::chmod(folder.c_str(), 0500);
}

} // namespace

TEST_CASE("a folder is removed with folders in it that nobody may write or look into") {
  CHECK(holds_for_a_user([](const std::string& folder) {
    std::filesystem::create_directory(folder + "/outside");
    ::chmod((folder + "/outside").c_str(), 0500);
    std::filesystem::create_directory(folder + "/all");
    std::filesystem::create_directory_symlink("../outside", folder + "/all/link");
    leave_what_is_locked(folder + "/all");
    remove_folder(folder + "/all");
    struct stat outside {};
    return !std::filesystem::exists(folder + "/all") &&
           ::stat((folder + "/outside").c_str(), &outside) == 0 &&
           (outside.st_mode & 0777) == 0500; // what a link leads to is another's
  }));
}

TEST_CASE("a test that takes away permissions leaves the place to the next one") {
  CHECK(holds_for_a_user([](const std::string& folder) {
    const auto path = folder + "/slot";
    {
      const run_folder first(path);
      leave_what_is_locked(path + "/tmp");
    }
    try {
      const run_folder next(path);
      return std::filesystem::is_empty(path + "/tmp");
    } catch (...) { // it would leave the process, which is a copy
      return false;
    }
  }));
}
