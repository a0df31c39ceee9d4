#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include "support/catch.hpp"
#include "support/test_runtime.hpp"

int main(int argc, char** argv) {
  const troupe::test::with_runtime running(argc, argv);
  return Catch::Session().run(argc, argv);
}
