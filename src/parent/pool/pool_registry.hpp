#pragma once

#include "caf/caf_compat.hpp"
#include "parent/pool/event_tap.hpp"
#include "parent/pool/pool_control.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace troupe::parent {

/// The pools of a runtime whose actors live, with or without a handle. So the end of the runtime does not
/// depend on who still has a handle or a future. Thread-safe.
class pool_registry {
public:
  pool_registry() = default;
  pool_registry(const pool_registry&) = delete;
  pool_registry& operator=(const pool_registry&) = delete;

  /// Throws `std::logic_error` once `end_all` has begun.
  void check_open() const;
  /// From now on until its actor ends.
  void add(const std::shared_ptr<pool_control>& pool);

  /// Those that have a handle.
  std::vector<std::shared_ptr<pool_control>> handles() const;

  /// Where they look whom to tell of their events. Not thread-safe: on the loop's thread.
  event_tap& tap() noexcept { return tap_; }

  /// Terminates them, and waits until their last children are gone and their actors have ended. While the
  /// loop runs, and not on its thread.
  void end_all();

private:
  struct entry {
    std::weak_ptr<pool_control> handle;
    caf::actor actor;
    std::shared_ptr<pool_control::shared> state;
  };

  void remove(caf::actor_id actor);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<caf::actor_id, entry> living_; // guarded by mutex_
  event_tap tap_;
  bool ending_ = false; // guarded by mutex_
};

} // namespace troupe::parent
