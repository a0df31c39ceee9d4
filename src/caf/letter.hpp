#pragma once

#include "caf/caf_compat.hpp"

#include <caf/mailbox_element.hpp>

#include <vector>

namespace troupe::compat {

/// A message on its way: what lies in a mailbox.
struct letter {
  caf::strong_actor_ptr from;
  caf::message_id id;
  std::vector<caf::strong_actor_ptr> stages; ///< where the response goes first; with CAF 1.x none
  caf::message content;
};

/// What is in an element of a mailbox, which is left empty.
letter take(caf::mailbox_element& element);

/// The message that an actor handles, but for its content, which is given. Whoever gets the letter answers it.
letter take_current(caf::local_actor& self, caf::message content);

/// Puts it into a mailbox. `where` may be null.
void deliver(letter&& message, caf::abstract_actor& to, detail::caf_executor* where);

/// Answers a request; `reason` is the answer.
void fail_request(const caf::strong_actor_ptr& asker, caf::message_id id, const caf::error& reason,
  caf::strong_actor_ptr answerer, detail::caf_executor* where);

} // namespace troupe::compat
