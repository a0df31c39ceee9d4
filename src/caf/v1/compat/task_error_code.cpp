#include "caf/task_error.hpp"

#include <cstdint>
#include <string_view>

namespace troupe {

bool from_integer(std::uint8_t value, task_error& code) {
  if (value < static_cast<std::uint8_t>(task_error::threw) ||
      value > static_cast<std::uint8_t>(task_error::failed))
    return false;
  code = static_cast<task_error>(value);
  return true;
}

bool from_string(std::string_view name, task_error& code) {
  for (std::uint8_t value = 1; from_integer(value, code); ++value)
    if (to_string(code) == name)
      return true;
  return false;
}

namespace compat {

caf::error without_context(const caf::error& error) {
  if (error.category() == task_error_category)
    return static_cast<task_error>(error.code());
  return caf::make_error(caf::sec::runtime_error, caf::to_string(error));
}

std::string render(caf::actor_system&, const caf::error& error) {
  if (error && error.category() == task_error_category)
    return text_of(static_cast<task_error>(error.code()), error.context());
  return caf::to_string(error);
}

} // namespace compat
} // namespace troupe
