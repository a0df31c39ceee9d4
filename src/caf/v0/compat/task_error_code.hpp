#pragma once

#include <troupe/actor.hpp>

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace troupe::compat {

/// The category of errors of tasks.
inline const caf::atom_value task_error_category = caf::atom("troupe");

inline caf::error error_with(task_error code, caf::message context) {
  return {static_cast<std::uint8_t>(code), task_error_category, std::move(context)};
}

/// The same error with nothing but its code.
inline caf::error without_context(const caf::error& error) {
  return {error.code(), error.category()};
}

/// An error in words.
inline std::string render(caf::actor_system& system, const caf::error& error) {
  return system.render(error);
}

/// The exception behind a `caf::error`, as the third element of its context. It stays in its process: on
/// another side it is empty.
struct original_exception {
  std::exception_ptr thrown;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, original_exception& x) {
  const auto load = [&x]() -> caf::error {
    x.thrown = nullptr;
    return caf::none;
  };
  return f(caf::meta::type_name("troupe.original_exception"), caf::meta::load_callback(load));
}

/// For `actor_system::render`.
std::string render_task_error(std::uint8_t code, caf::atom_value, const caf::message& context);

} // namespace troupe::compat
