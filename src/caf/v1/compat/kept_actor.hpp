#pragma once

#include "caf/caf_compat.hpp"

#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/intrusive/inbox_result.hpp>

#include <utility>

namespace troupe::compat {

/// An event-based actor that runs on `Self::executor()`, and whose handles may be used after the end of its actor
/// system.
template <class Self>
class kept_actor : public detail::runs_apart<Self, caf::event_based_actor> {
public:
  using detail::runs_apart<Self, caf::event_based_actor>::runs_apart;
  using detail::runs_apart<Self, caf::event_based_actor>::enqueue;

  // As CAF does it, but without its log, for which it always makes the name of the type: an actor without memory
  // for that would end, and leave those alone whose messages it has.
  void initialize() final {
    this->setf(caf::abstract_actor::is_initialized_flag);
    if (auto handlers = this->make_behavior())
      this->become(std::move(handlers));
  }

  // As CAF does it, but for what comes too late: CAF counts that in the actor system, which may be gone.
  bool enqueue(caf::mailbox_element_ptr message, caf::scheduler*) final {
    const auto id = message->mid;
    const auto from = id.is_request() ? message->sender : nullptr;
    const bool is_measured = this->getf(caf::abstract_actor::collects_metrics_flag);
    if (is_measured)
      message->set_enqueue_time();
    const auto result = this->mailbox().push_back(std::move(message));
    if (result == caf::intrusive::inbox_result::queue_closed) {
      caf::detail::sync_request_bouncer answer;
      answer(from, id);
      return false;
    }
    if (is_measured)
      this->builtin_metrics().mailbox_size->inc();
    if (result == caf::intrusive::inbox_result::unblocked_reader) {
      caf::intrusive_ptr_add_ref(this->ctrl());
      static_cast<Self&>(*this).executor().exec_later(this);
    }
    return true;
  }
};

} // namespace troupe::compat
