#pragma once

namespace troupe::fuzz {

/// What stands between the id of an encoded message and its content: nothing.
struct message_stages {};
template <class Inspector>
bool inspect(Inspector& f, message_stages& x) {
  return f.object(x).fields();
}

} // namespace troupe::fuzz
