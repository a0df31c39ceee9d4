// troupe as a shared library.
#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

using namespace troupe::test;

namespace {

/// A directory with a copy of the library, which programs that are started meanwhile load.
class library_copy {
public:
  library_copy() {
    std::filesystem::create_directory(directory_);
    replace_by(FIRST_TROUPE);
    ::setenv("LD_LIBRARY_PATH", directory_.c_str(), 1);
  }
  library_copy(const library_copy&) = delete;
  ~library_copy() {
    ::unsetenv("LD_LIBRARY_PATH");
    std::filesystem::remove_all(directory_);
  }

  // As a package manager does: the old file lives on for those who have it mapped.
  void replace_by(const std::filesystem::path& file) {
    const auto path = directory_ / file.filename();
    std::filesystem::copy_file(file, path.string() + ".new");
    std::filesystem::rename(path.string() + ".new", path);
  }

private:
  const std::filesystem::path directory_ =
    std::filesystem::temp_directory_path() / ("troupe_shared_" + std::to_string(::getpid()));
};

} // namespace

TEST_CASE("functions of the program, of its library and of troupe run in children") {
  piped_program program(SHARED_PARENT, {"shared_parent"});
  const auto said = program.read_until({});
  CHECK(program.wait() == 0);
  CHECK_THAT(said, StartsWith("of the program: 9\n"
                              "a lambda: 4\n"
                              "a coroutine: 16\n"
                              "of the library: 10\n"
                              "submitted by the library: 15\n"
                              "of troupe: some CPUs\n"));
  CHECK_THAT(said, EndsWith("an actor: 7\n"));
}

TEST_CASE("exceptions keep their types across libraries, and know where they were thrown") {
  piped_program program(SHARED_PARENT, {"shared_parent"});
  CHECK_THAT(
    program.read_until({}), ContainsSubstring("thrown by libstdc++: caught, with its place\n"
                                              "thrown by the library: no cheese\n"
                                              "lost to signal: 6\n"
                                              "too late: task_timeout\n"));
  CHECK(program.wait() == 0);
}

TEST_CASE("a child with another version of troupe is refused") {
  library_copy library;
  piped_program program(SHARED_PARENT, {"shared_parent", "replaced"});
  CHECK(program.read_until("\n") == "of the program: 9\n");
  library.replace_by(SECOND_TROUPE);
  program.tell();
  CHECK_THAT(program.read_until({}), ContainsSubstring("the program was replaced while it runs"));
  CHECK(program.wait() == 0);
}
