#pragma once

#include <troupe/pool.hpp>
#include <troupe/start_method.hpp>

#include <cstdlib>
#include <string_view>

// What the suites of the test frameworks have in common.

/// The start method that the test of the suite asks for.
inline troupe::start_method wanted_method() {
  const char* const name = std::getenv("SUITE_START_METHOD");
  const std::string_view wanted = name != nullptr ? name : "spawn";
  return wanted == "fork"         ? troupe::start_method::fork
         : wanted == "forkserver" ? troupe::start_method::forkserver
                                  : troupe::start_method::spawn;
}

struct children {
  troupe::runtime rt{troupe::runtime_options{.start_method = wanted_method()}};
  troupe::pool pool{rt, {.processes = 2, .childconcurrency = 2}};
};
