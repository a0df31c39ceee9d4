#pragma once

#include "caf/caf_compat.hpp"
#include "parent/serve/handle_numbers.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace troupe::parent {

class pool_control;
class queue_control;

/// What children know by its number: the pools and queues of this process. A number is a capability: only
/// who was sent it knows it. Thread-safe.
class exports {
public:
  exports();
  exports(const exports&) = delete;
  exports& operator=(const exports&) = delete;
  ~exports();

  /// Those of this process's runtime, or null. A handle that is decoded has no other way to what it names;
  /// a process has one runtime.
  static exports* current() noexcept;

  /// A number that no other pool or queue has, above 0.
  std::uint64_t new_id() { return numbers_.next(); }
  /// Whether `new_id` has given this.
  bool was_issued(std::uint64_t id) const { return numbers_.was_given(id); }

  void add_pool(std::uint64_t id, std::weak_ptr<pool_control> pool);
  /// Keeps the actor until `remove`, also when the last handle in this process is gone.
  void add_queue(std::uint64_t id, std::weak_ptr<queue_control> queue, caf::actor actor);
  void remove(std::uint64_t id);

  /// Null if it is gone, or was never there.
  std::shared_ptr<pool_control> find_pool(std::uint64_t id) const;
  std::shared_ptr<queue_control> find_queue(std::uint64_t id) const;
  caf::actor find_queue_actor(std::uint64_t id) const;

  /// Closes all queues; the runtime is ending. While the loop runs.
  void close_queues();
  /// Ends their actors, once no child is left; else handles that are kept would keep them longer than the
  /// actor system. While the loop runs.
  void end_queues();
  /// Whether the loop of the queues may have ended, for who outlives this.
  std::shared_ptr<const std::atomic<bool>> ended() const noexcept { return ended_; }

private:
  struct queue_entry {
    std::weak_ptr<queue_control> handle;
    caf::actor actor;
  };

  handle_numbers numbers_;
  mutable std::mutex mutex_;
  const std::shared_ptr<std::atomic<bool>> ended_ = std::make_shared<std::atomic<bool>>(false);
  std::unordered_map<std::uint64_t, std::weak_ptr<pool_control>> pools_;
  std::unordered_map<std::uint64_t, queue_entry> queues_;
};

} // namespace troupe::parent
