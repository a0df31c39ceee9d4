#pragma once

#include "compat/message_codec.hpp"

namespace troupe::compat {

/// The error, without its context if that has types that cannot leave the process.
caf::error portable(message_codec& codec, const caf::error& error);

/// The same for the error in a message that is one, or tells of an end.
void make_portable(message_codec& codec, caf::message& content);

} // namespace troupe::compat
