#include "compat/message_codec.hpp"

namespace troupe::compat {

bool is_part_of_stream(const letter& message) {
  return message.id.is_stream_message();
}

} // namespace troupe::compat
