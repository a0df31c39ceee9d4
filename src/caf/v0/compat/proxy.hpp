#pragma once

#include "caf/letter.hpp"

#include <caf/actor_proxy.hpp>

#include <utility>

namespace troupe::compat {

/// Stands in this process for an actor of another one.
class proxy : public caf::actor_proxy {
public:
  using caf::actor_proxy::actor_proxy;

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) final {
    if (getf(is_terminated_flag))
      bounce(message);
    else
      pass_on(take(*message));
  }
  void kill_proxy(caf::execution_unit* context, caf::error reason) final {
    cleanup(std::move(reason), context);
  }

protected:
  /// What it is sent. Called by any thread.
  virtual void pass_on(letter&& message) = 0;
};

} // namespace troupe::compat
