#pragma once

#include <troupe/actor.hpp>

#include <caf/meta/load_callback.hpp>

#include <exception>

namespace troupe::compat {

inline const caf::atom_value task_error_category = caf::atom("troupe");

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

/// The error that tells an actor of a task's failure. Its context is the text, the name of the
/// exception's type, and the exception.
caf::error error_of(const std::exception_ptr& failure) noexcept;

/// The same with a code of the caller's choice.
caf::error error_of(task_error code, const std::exception_ptr& failure) noexcept;

/// For `actor_system::render`.
std::string render_task_error(std::uint8_t code, caf::atom_value, const caf::message& context);

} // namespace troupe::compat
