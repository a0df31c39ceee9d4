#pragma once

#include "app_settings.hpp"

#include <troupe/pool_options.hpp>

#include <chrono>
#include <variant>

namespace books {

/// Everything a run needs to know: the configuration file, and over it the command line.
struct settings {
  app_settings app;
  troupe::pool_options pool; // without initializer and finalizer
  std::chrono::milliseconds shop_latency{0};
  std::chrono::milliseconds timeout{30'000};
};

/// The settings, or the exit code if there is nothing to do or something is wrong, which it has
/// said on standard output or standard error by then.
std::variant<settings, int> read_settings(int argc, char** argv);

} // namespace books
