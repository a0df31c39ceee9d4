#include "support/test_runtime.hpp"

#include <optional>

namespace troupe::test {

namespace {
std::optional<runtime> the_runtime;
}

runtime& rt() {
  return *the_runtime;
}

runtime_options& rt_options() {
  static runtime_options options;
  return options;
}

with_runtime::with_runtime(int argc, char** argv) {
  the_runtime.emplace(argc, argv, rt_options());
}

with_runtime::~with_runtime() {
  the_runtime.reset();
}

} // namespace troupe::test
