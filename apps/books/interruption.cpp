#include "interruption.hpp"

#include <csignal>
#include <mutex>

namespace books {

struct interruption::state {
  explicit state(troupe::runtime& rt, troupe::pool& terminated)
    : signals(rt.executor(), SIGINT, SIGTERM)
    , pool(&terminated) {}

  void on_signal(int number) {
    const std::scoped_lock lock(mutex);
    if (!pool) // the interruption is gone, and the pool may be
      return;
    received = number;
    signals.clear();
    pool->terminate();
  }

  std::mutex mutex;
  boost::asio::signal_set signals; // guarded by `mutex`, as are the others
  troupe::pool* pool;
  int received = 0;
};

interruption::interruption(troupe::runtime& rt, troupe::pool& pool)
  : state_(std::make_shared<state>(rt, pool)) {
  state_->signals.async_wait([state = state_](const boost::system::error_code& error, int number) {
    if (!error)
      state->on_signal(number);
  });
}

interruption::~interruption() {
  const std::scoped_lock lock(state_->mutex);
  state_->pool = nullptr;
  state_->signals.clear();
  state_->signals.cancel();
}

int interruption::signal() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->received;
}

} // namespace books
