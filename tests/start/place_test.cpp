// Where children live.
#include "refused_pools.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_runtime.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "(none)" : value;
}

} // namespace

TEST_CASE("a child keeps only the variables that its pool wants, before its initializer runs") {
  ::setenv("TROUPE_TEST_KEPT", "kept", 1);
  ::setenv("TROUPE_TEST_KEPT_TOO", "kept too", 1);
  ::setenv("TROUPE_TEST_SECRET", "secret", 1);
  const auto initializer =
    troupe::call([] { ::setenv("TROUPE_TEST_SEEN", variable("TROUPE_TEST_SECRET").c_str(), 1); });
  troupe::pool pool{rt(), {.processes = 1,
                            .initializer = initializer,
                            .start_method = troupe::start_method::spawn,
                            .environment = {{"TROUPE_TEST_KEPT*", "PATH"}}}};
  CHECK(pool.apply(variable, "TROUPE_TEST_KEPT").get() == "kept");
  CHECK(pool.apply(variable, "TROUPE_TEST_KEPT_TOO").get() == "kept too");
  CHECK(pool.apply(variable, "TROUPE_TEST_SECRET").get() == "(none)");
  CHECK(pool.apply(variable, "TROUPE_TEST_SEEN").get() == "(none)");
  // A zygote, which may be made here, has the environment of that time, and so have those that it forks for other tests.
  for (const auto* name : {"TROUPE_TEST_KEPT", "TROUPE_TEST_KEPT_TOO", "TROUPE_TEST_SECRET"})
    ::unsetenv(name);
  troupe::pool forked{rt(),
    {.processes = 1, .start_method = troupe::start_method::forkserver, .environment = {{"PATH"}}}};
  CHECK(forked.apply(variable, "PATH").get() == variable("PATH"));
  CHECK(forked.apply(variable, "HOME").get() == "(none)");
  troupe::pool without{rt(), {.processes = 1, .environment = {std::vector<std::string>()}}};
  CHECK(without.apply(variable, "PATH").get() == "(none)");
}

TEST_CASE("a child works in the directory and with the umask that its pool wants") {
  const temporary_directory where;
  troupe::pool pool{
    rt(), {.processes = 1, .working_directory = where.path().string(), .umask = 0077}};
  CHECK(pool.apply([] { return std::filesystem::current_path().string(); }).get() ==
        where.path().string());
  auto permissions = pool.apply([] {
    std::ofstream("file") << 'x';
    struct stat status {};
    ::stat("file", &status);
    return status.st_mode & 0777u;
  });
  CHECK(permissions.get() == 0600u);
  CHECK(std::filesystem::exists(where / "file"));
}

TEST_CASE("a directory in which a child cannot work fails the start and is named") {
  CHECK_THAT(start_error({.processes = 1, .working_directory = "/nowhere/at/all"}),
    ContainsSubstring(
      "pool option working_directory: a child cannot work in /nowhere/at/all: No such file"));
}

TEST_CASE("surroundings that cannot be are refused before any child starts") {
  CHECK(refusal({.processes = 1, .working_directory = "here"}) ==
        "pool option working_directory is \"here\", but must be an absolute path");
  CHECK(refusal({.processes = 1, .environment = {{"A=b"}}}) ==
        "pool option environment is \"A=b\", but must be names of variables, like \"PATH\" or "
        "\"LC_*\"");
  CHECK(refusal({.processes = 1, .environment = {{"*A"}}}) ==
        "pool option environment is \"*A\", but has a \"*\" that is not at the end of a name");
  CHECK(refusal({.processes = 1, .umask = 01000}) == "pool option umask must be 0 to 0777 (octal)");
}
