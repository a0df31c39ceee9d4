#include <troupe/start_method.hpp>

#include "base/escape.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>

namespace troupe {

namespace {

std::atomic<start_method> process_wide = start_method::spawn;

constexpr std::array all_methods{start_method::spawn, start_method::forkserver, start_method::fork};

} // namespace

start_method get_start_method() noexcept {
  return process_wide.load();
}

void set_start_method(start_method method) noexcept {
  process_wide.store(method);
}

void set_start_method(std::string_view name) {
  set_start_method(parse_start_method(name));
}

std::string_view to_string(start_method method) noexcept {
  switch (method) {
  case start_method::spawn:
    return "spawn";
  case start_method::forkserver:
    return "forkserver";
  case start_method::fork:
    return "fork";
  }
  return "unknown";
}

start_method parse_start_method(std::string_view name) {
  for (const auto method : all_methods)
    if (to_string(method) == name)
      return method;
  throw std::invalid_argument(
    "unknown start method \"" + base::escape(name) + "\": it is one of spawn, forkserver, fork");
}

} // namespace troupe
