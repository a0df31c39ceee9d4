#pragma once

#include "loop/loop_actor.hpp"
#include "parent/pool/event_tap.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/pool/ready_waiter.hpp"
#include "parent/pool/supervisor.hpp"
#include "parent/serve/child_requests.hpp"
#include "policy/pool_machine.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/stats.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <vector>

namespace troupe::parent {

// -- what the pool actor is told ------------------------------------------------------------------------

/// There are tasks in `pool_control::shared::submitted`.
struct tasks_submitted {};
struct cancel_task {
  detail::task_ptr task;
  bool started_too = true;
};
struct close_pool {};
struct terminate_pool {};
/// The last handle is gone.
struct abandon_pool {};
/// Another number of children is wanted: `pool_control::shared::processes`.
struct resize_pool {};
struct get_running_tasks {
  answer_to<std::vector<running_task>> answer;
};
struct get_stats {
  answer_to<pool_stats> answer;
};
struct get_snapshot {
  answer_to<pool_snapshot> answer;
};
struct get_stacks {
  std::size_t slot;
  stack_answer answer;
};
/// The child of that slot is to be replaced.
struct recycle_slot {
  std::size_t slot;
};
/// All children are to be replaced, by some with these options.
struct renew_children {
  std::shared_ptr<const pool_options> options;
};
struct await_children {
  std::shared_ptr<ready_waiter> waiter;
};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::tasks_submitted)
TROUPE_LOCAL_MESSAGE(troupe::parent::cancel_task)
TROUPE_LOCAL_MESSAGE(troupe::parent::close_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::terminate_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::abandon_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::resize_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_running_tasks)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_stats)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_snapshot)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_stacks)
TROUPE_LOCAL_MESSAGE(troupe::parent::recycle_slot)
TROUPE_LOCAL_MESSAGE(troupe::parent::renew_children)
TROUPE_LOCAL_MESSAGE(troupe::parent::await_children)

namespace troupe::parent {

/// The actor that schedules: the shell around a `policy::pool_machine`, which decides everything. It has the
/// messages, the timer, the processes and what their tasks ask for; each event goes to the machine, and what
/// the machine orders is carried out here and in the supervisor.
///
/// An exception on the way, of which lack of memory is the likely one, fails the pool: then every task is
/// resolved, rather than waiting for an actor that is gone.
class pool_actor final : public loop::loop_actor,
                         policy::child_host,
                         supervisor::owner,
                         task_listener,
                         child_requests::owner {
public:
  pool_actor(caf::actor_config& config, const services& with,
    std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::shared> with_control,
    caf::actor requests);
  ~pool_actor() override;

  caf::behavior handlers() override;
  void started() override;

private:
  using clock = std::chrono::steady_clock;

  // -- events -----------------------------------------------------------------------------------------

  // Everything that happens comes through here: `event()`, and then what follows from it.
  template <class Event>
  void handle(Event event);
  // The same for what is part of a batch, after which the pool settles.
  template <class Event>
  void guard(Event event) noexcept;
  void settle();
  void fail(const std::exception_ptr& why) noexcept;
  // What was accepted before a message was sent counts before that message.
  void take_submitted();
  // As many children as are wanted now.
  void take_size();
  void abandon();
  void stop();
  void arm_timer();
  void tell_ready();
  pool_stats stats() const;
  std::vector<running_task> running_tasks() const;
  pool_snapshot snapshot() const;
  void ask_stacks(const get_stacks& question);

  // -- children report ----------------------------------------------------------------------------------

  void on_launching(std::uint32_t seat) override;
  void on_launched(std::uint32_t seat) override;
  void on_ready(std::uint32_t seat) override;
  void on_full(std::uint32_t seat) override;
  void on_exited(std::uint32_t seat) override;
  void on_down(std::uint32_t seat, const child_process& child) override;
  void on_released() override;
  caf::error reason_for_actors(const child_process& child) const override;

  void task_ended(std::uint32_t seat, const policy::child_outcome& came) override;
  void task_lent(std::uint32_t seat, const policy::lent_place& place) override;
  void task_reclaimed(std::uint32_t seat, const policy::lent_place& place) override;
  void item_lingers(std::uint32_t seat, policy::task_key task) override;
  void batch_ended() override;
  void child_hosts(std::uint32_t seat, std::size_t actors) override;

  // -- the machine orders -------------------------------------------------------------------------------

  std::exception_ptr start(std::uint32_t seat, const policy::child_record& child) override;
  policy::child_port& port(std::uint32_t seat) override { return supervisor_[seat].tasks(); }
  void take_position(std::uint32_t seat, const policy::child_record& child) override;
  void drain(std::uint32_t seat) override { supervisor_[seat].drain(); }
  void end(std::uint32_t seat, ending how, const std::string& reason) override;
  void warn(
    std::uint32_t seat, const policy::child_record& child, const std::string& what) override;
  void child_started(std::uint32_t seat, const policy::child_record& child) override;
  void child_ended(const child_exit& exit, bool died) override;
  void task_retried(const policy::retried_task& task) override;
  void run_ended(const policy::ended_run& run) noexcept override;
  void task_is_slow(const policy::slow_run& run) noexcept override;
  std::shared_ptr<const detail::late_stack> ask_stack(
    std::uint32_t seat, pid_t thread, task_id task) noexcept override;
  template <class Event>
  void report(const callback<const Event&>& told, const char* name, Event event) noexcept;
  template <class Tell>
  void tell_listener(Tell tell) noexcept;
  void failed(const std::exception_ptr& reason) override;
  void made_room() override { shared_->room.leave(); }
  void all_down() override { all_down_ = true; }

  // -- what tasks ask for -------------------------------------------------------------------------------

  void child_asked(child_process& child, const link::frame_header& header,
    std::span<const std::byte> payload) override;
  void child_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) override;
  void drop_requests(std::uint32_t seat);
  bool is_own(const pool_control& pool) const override;
  void submit_nested(detail::task_ptr task) override;
  void cancel_nested(const detail::task_ptr& task, bool started_too) override;

  const std::shared_ptr<const pool_options> options_;
  const std::shared_ptr<pool_control::shared> shared_;
  const event_tap& tap_;
  caf::actor request_actor_; // told of the end
  supervisor supervisor_;
  policy::pool_machine machine_;
  exports& exports_;
  std::vector<std::shared_ptr<child_requests>>
    requests_; // by seat; null until it asks for something
  std::vector<std::shared_ptr<ready_waiter>> awaiting_children_;
  boost::asio::steady_timer timer_;
  clock::time_point timer_due_ = clock::time_point::max();
  clock::time_point batch_time_{};     // of the present batch; zero: there is none
  const std::exception_ptr no_memory_; // made while there was some
  // What it says at its end has been made at its beginning, when there was memory for it.
  std::shared_ptr<caf::error> end_reason_;
  caf::mailbox_element_ptr farewell_;     // to the request actor
  caf::mailbox_element_ptr call_to_quit_; // to itself
  caf::strong_actor_ptr abandoned_; // itself, once the last handle is gone and children are not yet
  bool all_down_ = false;           // the last child is gone
  bool stopped_ = false;            // ... and everybody has been told
};

} // namespace troupe::parent
