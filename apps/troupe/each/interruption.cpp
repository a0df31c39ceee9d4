#include "each/interruption.hpp"

#include <troupe/pool.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <mutex>

namespace troupe_cli {

namespace {
constexpr int patient_signals = 2;
}

struct interruption::state : std::enable_shared_from_this<state> {
  state(troupe::runtime& rt, event_queue& to, troupe::pool& terminated)
    : signals(rt.executor(), SIGINT, SIGTERM, SIGHUP)
    , events(&to)
    , pool(&terminated) {}

  void wait() {
    signals.async_wait(
      [self = shared_from_this()](const boost::system::error_code& error, int number) {
        const std::scoped_lock lock(self->mutex);
        if (error || !self->pool)
          return;
        if (++self->count > patient_signals)
          self->pool->terminate();
        self->events->signal(number);
        self->wait();
      });
  }

  std::mutex mutex; // guards the others
  boost::asio::signal_set signals;
  event_queue* events;
  troupe::pool* pool; // null when the interruption is gone
  int count = 0;
};

interruption::interruption(troupe::runtime& rt, event_queue& events, troupe::pool& pool)
  : state_(std::make_shared<state>(rt, events, pool)) {
  const std::scoped_lock lock(state_->mutex);
  state_->wait();
}

interruption::~interruption() {
  const std::scoped_lock lock(state_->mutex);
  state_->pool = nullptr;
  state_->signals.clear();
  state_->signals.cancel();
}

} // namespace troupe_cli
