#pragma once

#include <troupe/troupe.hpp>

namespace troupe::test {

/// The runtime of the test program: one for all of its tests.
runtime& rt();

/// Its options, for a test program that needs others than the defaults: to be set by a static initializer.
runtime_options& rt_options();

/// Makes it. In a child, the constructor does not return.
class with_runtime {
public:
  with_runtime(int argc, char** argv);
  with_runtime(const with_runtime&) = delete;
  ~with_runtime();
};

} // namespace troupe::test
