#pragma once

#include "core/dispatcher.hpp"
#include "core/task_ledger.hpp"
#include "loop/loop_actor.hpp"
#include "parent/pool_control.hpp"
#include "parent/supervisor.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/stats.hpp>

#include <boost/asio/steady_timer.hpp>

#include <future>
#include <memory>
#include <vector>

namespace troupe::parent {

// -- what the pool actor is told ------------------------------------------------------------------------

struct submit {
  detail::task_ptr task;
};
struct submit_many {
  std::vector<detail::task_ptr> tasks;
};
struct cancel_task {
  detail::task_ptr task;
};
struct close_pool {};
struct terminate_pool {};
/// The last handle is gone.
struct abandon_pool {};
struct get_stats {
  std::shared_ptr<std::promise<pool_stats>> answer;
};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::submit)
TROUPE_LOCAL_MESSAGE(troupe::parent::submit_many)
TROUPE_LOCAL_MESSAGE(troupe::parent::cancel_task)
TROUPE_LOCAL_MESSAGE(troupe::parent::close_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::terminate_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::abandon_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::get_stats)

namespace troupe::parent {

/// The actor that schedules: it opens each task in the ledger, asks the scheduler for its queue, sends it
/// to a child when the dispatcher says so, and resolves it exactly once. The supervisor beneath it looks
/// after the children.
class pool_actor final : public loop::loop_actor, supervisor::owner {
public:
  pool_actor(caf::actor_config& config, const services& with,
    std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::progress> progress);
  ~pool_actor() override;

  caf::behavior make_behavior() override;

private:
  using clock = std::chrono::steady_clock;

  // -- tasks ----------------------------------------------------------------------------------------

  void open(detail::task_ptr task);
  void pump();
  void send(const core::dispatcher::assignment& next);
  void cancel(const detail::task_ptr& task);
  void put_back(core::task_key key, bool started);
  void lose(core::task_key key, const tasks_at_death& tasks, const child_exit& exit);
  void resolve(core::task_key key, detail::outcome&& result);
  void fail_all(const std::exception_ptr& reason);
  bool may_run_again(core::task_key key, const tasks_at_death& tasks);

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
  void on_down(std::uint32_t seat, const child_process& child) override;
  void on_gave_up(std::exception_ptr reason) override;
  void on_all_down() override;
  bool needs_children() const override;
  bool is_idle(std::uint32_t seat) const override;

  enum class phase { open, closing, draining, terminating, stopped };

  const std::shared_ptr<const pool_options> options_;
  const std::shared_ptr<pool_control::progress> progress_;
  std::shared_ptr<scheduler> scheduler_;
  core::task_ledger ledger_;
  core::dispatcher dispatcher_;
  supervisor supervisor_;
  std::vector<std::size_t> depths_told_; // by queue: what the scheduler was told last
  boost::asio::steady_timer balance_timer_;
  bool balance_timer_armed_ = false;
  phase phase_ = phase::open;
  caf::strong_actor_ptr abandoned_; // itself, once the last handle is gone and children are not yet
  std::exception_ptr failure_;      // why the pool failed, for tasks that come later
  pool_stats counts_;
  clock::time_point now_{}; // of the present batch of outcomes
};

} // namespace troupe::parent
