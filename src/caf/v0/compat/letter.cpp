#include "caf/letter.hpp"

#include <utility>

namespace troupe::compat {

letter take(caf::mailbox_element& element) {
  return {std::move(element.sender), element.mid, std::move(element.stages),
    element.move_content_to_message()};
}

letter take_current(caf::local_actor& self, caf::message content) {
  letter result{self.current_sender(), self.current_message_id(),
    self.take_current_forwarding_stack(), std::move(content)};
  self.drop_current_message_id();
  return result;
}

void deliver(letter&& message, caf::abstract_actor& to, detail::caf_executor* where) {
  to.enqueue(caf::make_mailbox_element(std::move(message.from), message.id,
               std::move(message.stages), std::move(message.content)),
    where);
}

void fail_request(const caf::strong_actor_ptr& asker, caf::message_id id, const caf::error& reason,
  caf::strong_actor_ptr answerer, detail::caf_executor* where) {
  asker->enqueue(std::move(answerer), id.response_id(), caf::make_message(reason), where);
}

} // namespace troupe::compat
