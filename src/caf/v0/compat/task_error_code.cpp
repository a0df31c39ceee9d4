#include "caf/task_error.hpp"

namespace troupe::compat {

std::string render_task_error(std::uint8_t code, caf::atom_value, const caf::message& context) {
  return text_of(static_cast<task_error>(code), context);
}

} // namespace troupe::compat
