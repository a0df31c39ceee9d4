#include "caf/portable.hpp"

#include "caf/task_error.hpp"

namespace troupe::compat {

caf::error portable(message_codec& codec, const caf::error& error) {
  if (!error || error.context().empty())
    return error;
  auto content = error.context();
  detail::bytes unused;
  return codec.encode(unused, content) ? without_context(error) : error;
}

void make_portable(message_codec& codec, caf::message& content) {
  if (content.match_elements<caf::error>())
    content = caf::make_message(portable(codec, content.get_as<caf::error>(0)));
  else if (content.match_elements<caf::exit_msg>())
    content = caf::make_message(caf::exit_msg{content.get_as<caf::exit_msg>(0).source,
      portable(codec, content.get_as<caf::exit_msg>(0).reason)});
  else if (content.match_elements<caf::down_msg>())
    content = caf::make_message(caf::down_msg{content.get_as<caf::down_msg>(0).source,
      portable(codec, content.get_as<caf::down_msg>(0).reason)});
}

} // namespace troupe::compat
