#include <troupe/stats.hpp>

namespace troupe {

const char* to_string(child_state state) noexcept {
  switch (state) {
  case child_state::none:
    return "none";
  case child_state::starting:
    return "starting";
  case child_state::ready:
    return "ready";
  case child_state::leaving:
    return "leaving";
  }
  return "unknown";
}

} // namespace troupe
