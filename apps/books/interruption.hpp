#pragma once

#include <troupe/pool.hpp>
#include <troupe/runtime.hpp>

#include <boost/asio/signal_set.hpp>

#include <memory>

namespace books {

/// For as long as it lives, SIGINT and SIGTERM terminate a pool instead of this program. Only the
/// first one: then they are what they were, so that a second Ctrl-C ends a program that takes too
/// long.
class interruption {
public:
  interruption(troupe::runtime& rt, troupe::pool& pool);
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;
  ~interruption();

  /// The signal that arrived, or 0. Thread-safe.
  int signal() const;

private:
  struct state;
  std::shared_ptr<state> state_; // shared with the signal handler, which may outlive this
};

} // namespace books
