#pragma once

#include "each/events.hpp"

#include <troupe/runtime.hpp>

#include <memory>

namespace troupe {
class pool;
}

namespace troupe_cli {

/// For as long as it lives, SIGINT, SIGTERM and SIGHUP become events; the third of them terminates the pool.
class interruption {
public:
  interruption(troupe::runtime& rt, event_queue& events, troupe::pool& pool);
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;
  ~interruption();

private:
  struct state;
  std::shared_ptr<state> state_; // shared with the handler, which may outlive this
};

} // namespace troupe_cli
