#pragma once

#include "base/unique_fd.hpp"
#include "link/channel.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/child_actors.hpp"
#include "parent/child/child_output.hpp"
#include "parent/launch/launcher.hpp"
#include "policy/slot_book.hpp"

#include <troupe/detail/task_state.hpp>
#include <troupe/proxy_exception.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::parent {

/// A task's outcome as a child tells it. `payload` lies in memory that the child can write: copy it
/// before looking at it.
struct child_outcome {
  policy::task_key task;
  detail::call_kind kind{};
  bool threw = false;
  std::span<const std::byte> payload;
  std::chrono::nanoseconds elapsed{0};
};

/// A task that lends its place, or goes on.
struct lent_place {
  policy::task_key task;
  detail::call_kind kind = detail::call_kind::plain;
  std::uint32_t nesting = 0;
  std::uint64_t start = 0; ///< rises with each task that the child starts, as it says
};

/// The tasks that were in a child when it died, by what is known of them.
struct tasks_at_death {
  std::vector<policy::task_key> unstarted; ///< in the order in which they were sent
  std::vector<policy::task_key> started;
  std::optional<policy::task_key> culprit; ///< the one of `started` that was on the CPU
};

/// One child, from its launch to its end: its process, its link and its slots. Tells its owner what
/// happens by calling it back on the loop's thread.
///
/// A child is down when its exit status is known and its link is drained, so an outcome that it wrote
/// counts whatever happened next. Nothing that a child writes is trusted.
class child_process final : public loop::loop_source {
public:
  /// Called on the loop's thread. May not destroy the child, except in `child_down`.
  class owner {
  public:
    /// Its pid is known. If it could not be launched, `child_down` comes instead.
    virtual void child_launched(child_process&) {}
    virtual void child_ready(child_process& child) = 0;
    virtual void child_outcome_came(child_process& child, const child_outcome& outcome) = 0;
    /// A batch of outcomes has been told.
    virtual void child_batch_ended(child_process& child) = 0;
    virtual void child_down(child_process& child) = 0;
    /// So many actors live in the child.
    virtual void child_hosts(child_process&, std::size_t /*actors*/) {}

    /// It asks something. `payload` lies in memory that the child can write. May throw
    /// `protocol_violation`.
    virtual void child_asked(
      child_process& child, const link::frame_header& header, std::span<const std::byte> payload);
    /// `started_too`: a task that has been started is to stop.
    virtual void child_withdrew(child_process& child, std::uint64_t request, bool started_too);
    virtual void child_lent(child_process&, const lent_place&) {}
    virtual void child_reclaimed(child_process&, const lent_place&) {}
    /// Its process has ended. What it wrote before is told after this, and then that it is down.
    virtual void child_exited(child_process&) {}

  protected:
    ~owner() = default;
  };

  /// Prepares the link of a child; throws `std::system_error` if there are no descriptors or no memory.
  /// `hub` is null if no actors may live in it, `output` if it is inherited.
  child_process(loop::event_loop& loop, actors::actor_hub* hub, owner& told, std::uint32_t seat,
    std::uint32_t generation, link::link_size size, const link::child_settings& settings,
    std::unique_ptr<child_output> output);
  ~child_process() override;

  /// Launches it. `self` keeps it alive while the launcher works.
  void launch(launcher& with, const std::shared_ptr<child_process>& self);

  /// A ready spare gets a position.
  void take_position(std::size_t position);

  // -- tasks ----------------------------------------------------------------------------------------

  /// Sends a task. Returns its slot.
  std::uint32_t send(policy::task_key key, const detail::task_ptr& task, std::uint32_t attempt);
  /// Takes a task back if it has not been started; false if it has.
  bool take_back(std::uint32_t slot);
  /// When the task was started, as the child says; nothing if it has not been.
  std::optional<std::chrono::steady_clock::time_point> started_at(std::uint32_t slot) const;
  /// Asks the task to stop: its coroutine is cancelled, its stop token is asked.
  void request_stop(std::uint32_t slot);
  tasks_at_death remaining_tasks() const;
  const policy::slot_book& book() const noexcept { return book_; }
  /// Whether all of its tasks have lent their places.
  bool all_lent() const noexcept { return book_.used() == lent_; }

  // -- requests -------------------------------------------------------------------------------------

  /// Answers a request. `keeper` keeps the memory of `payload` alive until it is sent.
  void reply(std::uint64_t request, std::uint64_t status, std::span<const std::byte> payload,
    std::shared_ptr<const void> keeper);
  /// The nesting of the task that asks from a slot; 0 for `link::no_slot`. Throws `protocol_violation` if
  /// there is no such task.
  std::uint32_t nesting_of(std::uint32_t slot) const;

  // -- ending ---------------------------------------------------------------------------------------

  /// Asks it to run its finalizer and leave with that exit code, or 1 if the finalizer throws.
  void drain(int exit_code = 0);
  /// Sends a signal to it and what its tasks have started. `reason` goes into the exit, unless an earlier
  /// one does.
  void signal(int number, const std::string& reason);
  bool signalled() const noexcept { return !exit_.reason.empty(); }
  /// Ends it at once.
  void kill(const std::string& reason);

  /// After `child_down`: what its actors ended of.
  void end_actors(const caf::error& reason);

  // -- what is known of it --------------------------------------------------------------------------

  std::uint32_t seat() const noexcept { return seat_; }
  pid_t pid() const noexcept { return exit_.pid; }
  /// CPU time used so far.
  std::chrono::microseconds cpu_time() const;
  /// After `child_down`.
  const child_exit& exit() const noexcept { return exit_; }
  /// After `child_down`: what its initializer threw, or why it was not launched, or null.
  std::exception_ptr start_error() const noexcept { return start_error_; }

  bool poll() override;
  void flush() override;
  bool prepare_sleep() override;
  void awake() override;

private:
  // What else is known of the task in a slot.
  struct slot_info {
    std::uint32_t nesting = 0;
    bool lent = false;
  };

  void launched(launch_result result);
  void on_control();
  void check_hello(const link::child_hello& hello);
  // False: the frame must not be followed by others.
  bool on_frame(const link::frame_header& header, std::span<const std::byte> payload);
  void on_outcome(const link::frame_header& header, std::span<const std::byte> payload);
  void on_actors(link::actor_signal signal, std::span<const std::byte> payload);
  void on_lend(const link::frame_header& header);
  void on_reclaim(const link::frame_header& header);
  bool receive();
  void on_exit();
  void gone();

  loop::event_loop& loop_;
  owner& owner_;
  const std::uint32_t seat_;
  const std::uint32_t generation_;
  std::shared_ptr<link::shared_region> region_;
  base::unique_fd control_;
  base::unique_fd child_control_; // until it is launched
  base::unique_fd pidfd_;
  link::slot_table slots_;
  policy::slot_book book_;
  std::vector<slot_info> places_; // by slot
  std::size_t lent_ = 0;
  link::child_hello own_hello_;
  std::unique_ptr<link::channel> channel_;
  std::unique_ptr<loop::descriptor_watch> bell_watch_;
  std::unique_ptr<loop::descriptor_watch> control_watch_;
  std::unique_ptr<loop::descriptor_watch> exit_watch_;
  std::unique_ptr<child_output> output_; // null: inherited
  std::optional<child_actors> actors_;   // nothing: no actors may live there
  child_exit exit_;
  std::exception_ptr start_error_;
  bool hello_checked_ = false;
  bool ready_ = false;
  bool broken_ = false; // the child violated the protocol; its link is not read any more
  bool down_ = false;
};

} // namespace troupe::parent
