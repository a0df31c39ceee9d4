#pragma once

#include "link/frame.hpp"

#include <troupe/detail/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace troupe::parent {

/// Another process that asks this one and is answered. All that is needed of it to serve its requests and
/// its actors, whatever carries the bytes. On the loop's thread.
class peer {
public:
  /// Answers its request of that number. `keeper` keeps the memory of `payload` until it has been sent. `with`: bytes
  /// whose attached blocks go with it, or null.
  virtual void reply(std::uint64_t request, std::uint64_t status,
    std::span<const std::byte> payload, std::shared_ptr<const void> keeper,
    const detail::bytes* with) = 0;
  /// The payload of its request that is being taken, as bytes of this process: it could change it while it is looked at.
  virtual detail::bytes own_copy(std::span<const std::byte> payload) {
    detail::bytes copy;
    copy.assign(payload);
    return copy;
  }
  /// Makes a segment for its results, of at least that size; its number, or 0: it does without.
  virtual std::uint64_t make_for_result(std::size_t least) = 0;
  /// Makes a shared buffer, which is attached to the answer. Throws what keeps it from that.
  virtual detail::bytes make_buffer(std::size_t size) = 0;
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
