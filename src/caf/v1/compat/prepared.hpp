#pragma once

#include "caf/caf_compat.hpp"

#include <caf/mailbox_element.hpp>

#include <utility>

namespace troupe::compat {

/// A message that nobody has sent, ready to be put into a mailbox later without any memory.
template <class T>
caf::mailbox_element_ptr prepared(T content) {
  return caf::make_mailbox_element(nullptr, caf::make_message_id(), std::move(content));
}

} // namespace troupe::compat
