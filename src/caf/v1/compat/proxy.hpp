#pragma once

#include "caf/letter.hpp"

#include <caf/actor_proxy.hpp>
#include <caf/detail/sync_request_bouncer.hpp>

#include <utility>

namespace troupe::compat {

/// Stands in this process for an actor of another one.
class proxy : public caf::actor_proxy {
public:
  using caf::actor_proxy::actor_proxy;

  bool enqueue(caf::mailbox_element_ptr message, caf::scheduler*) final {
    if (getf(is_terminated_flag)) {
      caf::detail::sync_request_bouncer bounce;
      bounce(*message);
      return false;
    }
    pass_on(take(*message));
    return true;
  }
  void kill_proxy(caf::scheduler* context, caf::error reason) final {
    cleanup(std::move(reason), context);
  }
  const char* name() const override { return "troupe.proxy"; }

protected:
  /// What it is sent. Called by any thread.
  virtual void pass_on(letter&& message) = 0;

private:
  void force_close_mailbox() final {} // it has none
};

} // namespace troupe::compat
