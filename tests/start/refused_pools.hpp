#pragma once

#include "support/test_runtime.hpp"

#include <troupe/errors.hpp>
#include <troupe/pool.hpp>

#include <stdexcept>
#include <string>
#include <utility>

// What is said of pools with options that cannot be.
namespace troupe::test {

/// By the first task of a pool whose children cannot start.
inline std::string start_error(pool_options options) {
  pool of{rt(), std::move(options)};
  try {
    of.apply([] { return 0; }).get();
  } catch (const start_failed& failed) {
    return failed.what();
  }
  return "it had a value";
}

/// At once, before any child starts.
inline std::string refusal(pool_options options) {
  try {
    pool of{rt(), std::move(options)};
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "it was accepted";
}

} // namespace troupe::test
