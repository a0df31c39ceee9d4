#pragma once

#include "base/unique_fd.hpp"
#include "loop/descriptor_watch.hpp"
#include "loop/event_loop.hpp"
#include "os/child_descriptor.hpp"
#include "os/life_line.hpp"
#include "parent/child/child_actors.hpp"
#include "parent/child/child_link.hpp"
#include "parent/child/child_output.hpp"
#include "parent/child/child_tasks.hpp"
#include "parent/child/life_listener.hpp"
#include "parent/child/peer.hpp"
#include "parent/child/stack_request.hpp"
#include "parent/child/task_listener.hpp"
#include "parent/launch/launcher.hpp"

#include <troupe/errors.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::parent {

/// What every child is told, whether it is of a pool or by itself.
link::child_settings common_settings(
  const std::string& name, const bound_call& initializer, const bound_call& finalizer);

/// One child, from its launch to its end: its process, and what belongs to it: its link, its tasks, its
/// actors, its output. On the loop's thread.
///
/// A child is down when its exit status is known and its link is drained, so an outcome that it wrote
/// counts whatever happened next. Nothing that a child writes is trusted.
class child_process final : public peer, child_link::listener {
public:
  /// Who is told.
  struct listeners {
    life_listener& life;
    task_listener& tasks;
  };

  /// Prepares the link of a child; throws `std::system_error` if there are no descriptors or no memory.
  /// `hub` is null if no actors may live in it, `output` if it is inherited.
  child_process(loop::event_loop& loop, actors::actor_hub* hub, const listeners& told,
    std::uint32_t seat, std::uint32_t generation, link::link_size size,
    const link::child_settings& settings, input in, std::unique_ptr<child_output> output);
  child_process(const child_process&) = delete;
  ~child_process();

  /// Launches it. `self` keeps it alive while the launcher works.
  void launch(launcher& with, const std::shared_ptr<child_process>& self);

  child_tasks& tasks() noexcept { return tasks_; }
  const child_tasks& tasks() const noexcept { return tasks_; }

  /// A ready spare gets a position.
  void take_position(std::size_t position);

  void reply(std::uint64_t request, std::uint64_t status, std::span<const std::byte> payload,
    std::shared_ptr<const void> keeper, const detail::bytes* with) override;
  detail::bytes own_copy(std::span<const std::byte> payload) override;
  std::uint64_t make_for_result(std::size_t least) override;
  detail::bytes make_buffer(std::size_t size) override;
  void signal_actors(link::actor_signal signal, std::span<const std::byte> payload,
    std::shared_ptr<const void> keeper) override;
  std::uint32_t nesting_of(std::uint32_t cell) const override { return tasks_.nesting_of(cell); }
  void end(const std::string& reason) override { link_.break_link(reason); }

  // -- ending ---------------------------------------------------------------------------------------

  /// Asks it to run its finalizer and leave with that exit code, or 1 if the finalizer throws.
  void drain(int exit_code = 0) { link_.drain(exit_code); }
  /// Sends a signal to it and what its tasks have started. `reason` goes into the exit, unless an earlier
  /// one does, or it has ended already.
  void signal(int number, std::string_view reason);
  /// Ends it at once.
  void kill(std::string_view reason);
  /// After `child_down`: what its actors ended of.
  void end_actors(const caf::error& reason);

  /// Asks its threads for their stacks, or that one alone if it is not 0. `pool` is the name of its pool, for errors.
  /// Throws `error` if there are none, and `std::system_error`; then there is no answer.
  void ask_stacks(const std::string& pool, pid_t thread, stack_answer answer);

  // -- what is known of it --------------------------------------------------------------------------

  std::uint32_t seat() const noexcept { return seat_; }
  pid_t pid() const noexcept { return exit_.pid; }
  /// CPU time used so far.
  std::chrono::microseconds cpu_time() const;
  /// When its launch began; the epoch if it has not.
  std::chrono::system_clock::time_point launched_at() const noexcept { return launched_at_; }
  /// After `child_down`.
  const child_exit& exit() const noexcept { return exit_; }
  /// After `child_down`: what its initializer threw, or why it was not launched, or null.
  std::exception_ptr start_error() const noexcept { return start_error_; }

private:
  struct launching;

  void on_frame(const link::frame_header& header, std::span<const std::byte> payload) override;
  void on_batch_end() override { listeners_.tasks.batch_ended(); }
  void on_broken(const std::string& why) override { kill(why); }
  void on_closed() override;

  void on_ready();
  void on_actors(link::actor_signal signal, std::span<const std::byte> payload);
  void begun();
  void launched(launch_result result);
  bool has_exited() const noexcept;
  void on_exit();
  bool never_arrived() const noexcept;
  void note_no_arrival() noexcept;
  void gone();

  loop::event_loop& loop_;
  const listeners listeners_;
  const std::uint32_t seat_;
  std::unique_ptr<child_output> output_; // null: inherited
  child_link link_;
  child_tasks tasks_;
  std::optional<child_actors> actors_; // nothing: no actors may live there
  os::child_descriptor process_;
  os::life_line life_line_;
  std::unique_ptr<loop::descriptor_watch> exit_watch_;
  child_exit exit_;
  std::chrono::system_clock::time_point launched_at_{};
  std::exception_ptr start_error_;
  std::weak_ptr<stack_request> stack_request_; // while it waits for an answer
  bool ready_ = false;
  bool ended_here_ = false; // by a decision of its owner, not from outside
  bool down_ = false;
};

} // namespace troupe::parent
