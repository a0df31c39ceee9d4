#pragma once

#include "link/frame.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace troupe::parent {

/// Another process that asks this one and is answered. All that is needed of it to serve its requests and
/// its actors, whatever carries the bytes. On the loop's thread.
class peer {
public:
  /// Answers its request of that number. `keeper` keeps the memory of `payload` until it has been sent.
  virtual void reply(std::uint64_t request, std::uint64_t status,
    std::span<const std::byte> payload, std::shared_ptr<const void> keeper) = 0;
  /// Sends a signal of this process's actors. `keeper` as above.
  virtual void signal_actors(link::actor_signal signal, std::span<const std::byte> payload,
    std::shared_ptr<const void> keeper) = 0;
  /// How deeply its task in that cell is nested; 0 for none (`link::no_cell`). Throws
  /// `link::protocol_violation` if it has no such task.
  virtual std::uint32_t nesting_of(std::uint32_t cell) const = 0;
  /// It cannot be served any more, and is ended for that reason: nothing that it says is looked at.
  virtual void end(const std::string& reason) = 0;

protected:
  ~peer() = default;
};

} // namespace troupe::parent
