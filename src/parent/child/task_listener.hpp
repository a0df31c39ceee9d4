#pragma once

#include "link/frame.hpp"
#include "policy/child_port.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::parent {

class child_process;

/// Is told what becomes of the tasks in a child, and what they ask for. Called on the loop's thread; may not
/// destroy the child.
class task_listener {
public:
  virtual void task_ended(std::uint32_t seat, const policy::child_outcome& came) = 0;
  virtual void task_lent(std::uint32_t seat, const policy::lent_place& place);
  virtual void task_reclaimed(std::uint32_t seat, const policy::lent_place& place);
  /// A batch of the above has been reported.
  virtual void batch_ended() = 0;
  /// The number of actors that live in the child has changed.
  virtual void child_hosts(std::uint32_t seat, std::size_t actors);

  /// A task asks something. `payload` lies in memory that the child can write. Both may throw
  /// `protocol_violation`, and do so unless overridden.
  virtual void child_asked(
    child_process& child, const link::frame_header& header, std::span<const std::byte> payload);
  /// `started_too`: a task that has been started is to stop.
  virtual void child_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too);

  /// The item that runs of a batch lingers: it is not to hold back those behind it.
  virtual void item_lingers(std::uint32_t seat, policy::task_key task);

protected:
  ~task_listener() = default;
};

} // namespace troupe::parent
