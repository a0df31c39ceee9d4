// The numbers of version.hpp are those of the CMake project.
#include "support/catch.hpp"

#include <troupe/version.hpp>

#include <string>

TEST_CASE("the version in the header is the project's") {
  CHECK(std::string(TROUPE_VERSION_STRING) == PROJECT_VERSION);
  CHECK(std::to_string(TROUPE_VERSION_MAJOR) + '.' + std::to_string(TROUPE_VERSION_MINOR) + '.' +
          std::to_string(TROUPE_VERSION_PATCH) ==
        PROJECT_VERSION);
}

TEST_CASE("the version is also one number that the preprocessor can compare") {
#if TROUPE_VERSION >= 100
  CHECK(TROUPE_VERSION ==
        TROUPE_VERSION_MAJOR * 10000 + TROUPE_VERSION_MINOR * 100 + TROUPE_VERSION_PATCH);
#else
  FAIL("0.1.0 was the first");
#endif
}
