#include "compat/message_codec.hpp"

#include <caf/action.hpp>
#include <caf/stream.hpp>

namespace troupe::compat {

bool is_part_of_stream(const letter& message) {
  for (std::size_t i = 0; i < message.content.size(); ++i) {
    const auto type = message.content.type_at(i);
    if (type == caf::type_id_v<caf::action> || type == caf::type_id_v<caf::stream> ||
        (type >= caf::type_id_v<caf::stream_abort_msg> &&
          type <= caf::type_id_v<caf::stream_open_msg>))
      return true;
  }
  return false;
}

} // namespace troupe::compat
