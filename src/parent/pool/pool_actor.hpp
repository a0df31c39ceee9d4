#pragma once

#include "loop/loop_actor.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/pool/supervisor.hpp"
#include "parent/serve/child_requests.hpp"
#include "policy/dispatcher.hpp"
#include "policy/task_alarms.hpp"
#include "policy/task_ledger.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/stats.hpp>

#include <boost/asio/steady_timer.hpp>

#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
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
struct get_stats {
  std::shared_ptr<std::promise<pool_stats>> answer;
};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::tasks_submitted)
TROUPE_LOCAL_MESSAGE(troupe::parent::cancel_task)
TROUPE_LOCAL_MESSAGE(troupe::parent::close_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::terminate_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::abandon_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_stats)

namespace troupe::parent {

/// The actor that schedules: it opens each task in the ledger, asks the scheduler for its queue, sends it
/// to a child when the dispatcher says so, and resolves it exactly once. The supervisor beneath it looks
/// after the children.
///
/// A task's normal way is in pool_actor.cpp; everything else that may become of it (its child dies, its
/// time is up, it is tried again) in pool_recovery.cpp; and what tasks ask for, among it tasks of their
/// own, in pool_nesting.cpp.
class pool_actor final : public loop::loop_actor, supervisor::owner, child_requests::owner {
public:
  pool_actor(caf::actor_config& config, const services& with,
    std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::shared> with_control,
    caf::actor requests);
  ~pool_actor() override;

  caf::behavior make_behavior() override;

private:
  using clock = std::chrono::steady_clock;

  // -- tasks ----------------------------------------------------------------------------------------

  void open(detail::task_ptr task);
  void choose_queue(policy::task_key key, policy::task_ledger::entry& entry);
  void pump();
  void send(const policy::dispatcher::assignment& next);
  void cancel(const cancel_task& what);
  void enqueue_ranked(
    policy::task_key key, const policy::task_ledger::entry& entry, std::chrono::nanoseconds time);
  // Takes a task back from its child; false if it has been started there.
  bool take_back(const policy::task_ledger::entry& entry);
  void put_back(policy::task_key key);
  // Before others that wait.
  void enqueue_front(policy::task_key key, const policy::task_ledger::entry& entry);
  // `ran`: the time that it took, if it came to an outcome of its own.
  void resolve(policy::task_key key, detail::outcome&& result,
    std::optional<std::chrono::nanoseconds> ran = std::nullopt);
  void fail_all(const std::exception_ptr& reason);
  bool accepts_more_attempts() const noexcept;
  auto is_open() {
    return [this](policy::task_key key) { return ledger_.find(key) != nullptr; };
  }

  // -- recovery: what becomes of a task that does not simply end ---------------------------------------

  // A task that was started in a child that died.
  void recover(
    policy::task_key key, const tasks_at_death& tasks, const child_exit& exit, bool on_purpose);
  bool will_retry(const policy::task_ledger::entry& entry, const std::exception_ptr& failure) const;
  void retry(policy::task_key key);
  // An attempt has failed with an error of its own; true if it is tried again.
  bool retry_after(policy::task_key key, const child_outcome& came);
  // The task that is in that slot is to stop, however it has been resolved.
  void stop_running(policy::task_key key, const policy::task_ledger::entry& entry);

  void set_alarm(const policy::task_alarms::alarm& what);
  void arm_alarm_timer();
  void on_alarm(const policy::task_alarms::alarm& due);
  void check_timeout(const policy::task_alarms::alarm& due);
  void expire(policy::task_key key);

  // -- what tasks ask for -----------------------------------------------------------------------------

  void on_asked(child_process& child, const link::frame_header& header,
    std::span<const std::byte> payload) override;
  void on_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) override;
  void on_lent(child_process& child, const lent_place& place) override;
  void on_reclaimed(std::uint32_t seat, const lent_place& place) override;
  void on_exited(std::uint32_t seat) override;
  bool is_own(const pool_control& pool) const override;
  void submit_nested(detail::task_ptr task) override;
  void cancel_nested(const detail::task_ptr& task, bool started_too) override;
  void drop_requests(std::uint32_t seat);

  // -- take-back ------------------------------------------------------------------------------------

  void watch_balance();
  void rebalance();

  // -- the pool's life ------------------------------------------------------------------------------

  void close();
  void terminate(const std::string& reason);
  void abandon();
  void check_drained();
  pool_stats stats() const;

  // -- the supervisor tells -------------------------------------------------------------------------

  void on_ready(std::uint32_t seat, queue_id queue) override;
  void on_outcome(std::uint32_t seat, const child_outcome& outcome) override;
  void on_batch_end() override;
  void on_hosts(std::uint32_t seat, std::size_t actors) override;
  void on_down(std::uint32_t seat, const child_process& child, bool on_purpose) override;
  void on_gave_up(std::exception_ptr reason) override;
  void on_all_down() override;
  bool needs_children() const override;
  bool is_idle(std::uint32_t seat) const override;

  enum class phase { open, closing, draining, terminating, stopped };

  const std::shared_ptr<const pool_options> options_;
  const std::shared_ptr<pool_control::shared> shared_;
  caf::actor request_actor_; // told of the end
  std::shared_ptr<scheduler> scheduler_;
  policy::task_ledger ledger_;
  policy::dispatcher dispatcher_;
  policy::task_alarms alarms_;
  supervisor supervisor_;
  exports& exports_;
  std::vector<std::shared_ptr<child_requests>>
    requests_;                           // by seat; null until it asks for something
  std::vector<std::size_t> depths_told_; // by queue: what the scheduler was told last
  boost::asio::steady_timer balance_timer_;
  bool balance_timer_armed_ = false;
  boost::asio::steady_timer alarm_timer_;
  clock::time_point alarm_timer_due_ = clock::time_point::max();
  std::minstd_rand jitter_{std::random_device{}()};
  phase phase_ = phase::open;
  caf::strong_actor_ptr abandoned_; // itself, once the last handle is gone and children are not yet
  std::exception_ptr failure_;      // why the pool failed, for tasks that come later
  pool_stats counts_;
  clock::time_point now_{}; // of the present batch of outcomes
};

} // namespace troupe::parent
