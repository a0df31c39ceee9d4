#pragma once

#include <troupe/start_method.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace torture {

/// What the command line says. 0 or empty: each sub-command's own.
struct settings {
  std::uint64_t tasks = 0;
  std::size_t children = 0;
  double seconds = 0;
  std::uint64_t seed = 1;
  std::optional<troupe::start_method> start{};
  double patience_seconds = 60;
  bool brief = false;

  /// `tasks`, or else what the form asks for.
  std::uint64_t tasks_or(std::uint64_t long_form, std::uint64_t short_form) const {
    return tasks != 0 ? tasks : brief ? short_form : long_form;
  }
  std::size_t children_or(std::size_t own) const { return children != 0 ? children : own; }
  /// The one start method, for a sub-command that uses one.
  troupe::start_method method() const { return start.value(); }
};

} // namespace torture
