// Programs that treat their runtime in unusual ways.
#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <filesystem>
#include <string>

#include <unistd.h>

using namespace troupe::test;

namespace {

std::string said_by(const std::string& scenario) {
  piped_program program(UNUSUAL_PARENT, {"unusual_parent", scenario});
  auto said = program.read_until({});
  CHECK(program.wait() == 0);
  return said;
}

// A copy of a library that can be replaced.
class library_copy {
public:
  library_copy() { replace_by(FIRST_LIBRARY); }
  library_copy(const library_copy&) = delete;
  ~library_copy() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }
  // As a package manager does: the old file lives on for those who have it mapped.
  void replace_by(const std::string& file) {
    std::filesystem::copy_file(file, path_ + ".new");
    std::filesystem::rename(path_ + ".new", path_);
  }

private:
  const std::string path_ =
    std::filesystem::temp_directory_path() / ("troupe_replaced_" + std::to_string(::getpid()));
};

} // namespace

TEST_CASE("a forked copy of the parent refuses to use its pools, and ends without touching them") {
  CHECK(said_by("copy") ==
        "apply throws that it is a copy\nmap throws that it is a copy\n"
        "get throws that it is a copy\nstats throws that it is a copy\n"
        "running_tasks throws that it is a copy\nready throws that it is a copy\n"
        "broadcast throws that it is a copy\nresize throws that it is a copy\n"
        "close throws that it is a copy\n"
        "push throws that it is a copy\na pool throws that it is a copy\n"
        "the copy has exited with 7\nthe parent has 9\n");
}

TEST_CASE("a forked copy of the parent that exits leaves its children alone") {
  CHECK(said_by("copy that exits") == "the copy has exited with 5\nthe child lives\n");
}

TEST_CASE("children of start method fork outlive main's thread") {
  CHECK(said_by("main ends") == "the child lives\nover\n");
}

TEST_CASE("a runtime whose threads cannot all be started is an error that leaves nothing behind") {
  const auto said = said_by("no threads");
  CHECK_THAT(said, StartsWith("starting the threads of troupe::runtime: "));
  CHECK_THAT(said, !ContainsSubstring(" are left"));
  CHECK_THAT(said, ContainsSubstring("it was made with ") && EndsWith("\n9\n"));
}

TEST_CASE("tasks resolve, and the program ends, although nobody reads stderr") {
  CHECK(said_by("full stderr") == "20 were lost\nover\n");
}

TEST_CASE("a child with another version of a library calls no other function of it") {
  library_copy library;
  piped_program program(UNUSUAL_PARENT, {"unusual_parent", "library", library.path()});
  CHECK(program.read_until("\n") == "before: 42\n");
  SECTION("with a build id") {
    library.replace_by(SECOND_LIBRARY);
  }
  SECTION("without a build id") {
    library.replace_by(NAMELESS_LIBRARY);
  }
  program.tell();
  CHECK_THAT(program.read_until({}),
    ContainsSubstring("after: an error: ") && ContainsSubstring("replaced on disk"));
  CHECK(program.wait() == 0);
}

TEST_CASE("a function of a library that children have not loaded fails its task alone") {
  piped_program program(UNUSUAL_PARENT, {"unusual_parent", "late library", FIRST_LIBRARY});
  const auto said = program.read_until({});
  CHECK_THAT(said, StartsWith("the function throws ") && ContainsSubstring("library"));
  CHECK_THAT(said, EndsWith("its neighbour throws nothing\nthe child lives\n"));
  CHECK(program.wait() == 0);
}
