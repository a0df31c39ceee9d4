#pragma once

#include <troupe/actor.hpp>

#include <caf/actor_system.hpp>

#include <exception>
#include <string>
#include <utility>

namespace troupe::compat {

/// The category of errors of tasks.
inline constexpr caf::type_id_t task_error_category = caf::type_id_v<task_error>;

inline caf::error error_with(task_error code, caf::message context) {
  return {code, std::move(context)};
}

/// The same error with nothing but its code: of other categories than troupe's that and the context are words.
caf::error without_context(const caf::error& error);

/// An error in words.
std::string render(caf::actor_system& system, const caf::error& error);

/// The exception behind a `caf::error`, as the third element of its context. It stays in its process: on
/// another side it is empty.
struct original_exception {
  std::exception_ptr thrown;
};

template <class Inspector>
bool inspect(Inspector& f, original_exception& x) {
  if constexpr (Inspector::is_loading)
    x.thrown = nullptr;
  return f.object(x).fields();
}

} // namespace troupe::compat

TROUPE_SENT_TYPE(5, troupe::compat::original_exception)
