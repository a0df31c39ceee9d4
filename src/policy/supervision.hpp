#pragma once

#include "policy/child_port.hpp"
#include "policy/child_table.hpp"
#include "policy/index_set.hpp"
#include "policy/restart_intensity.hpp"

#include <troupe/errors.hpp>
#include <troupe/restart_options.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::policy {

/// The rules by which a pool keeps its children: who is started, promoted, retired and dismissed, and when
/// to give up. It compares what is wanted with what there is (`reconcile`), so no single event can be
/// missed. Knows nothing of tasks but what its client says of them.
///
/// Pure: events and time come in, orders go out to a `child_host`. For each event O(log children),
/// `reconcile` O(positions without a child + children that are to leave), and `resize` O(children).
class supervision {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  struct rules {
    std::string name; ///< of the pool, for messages
    std::size_t processes = 1;
    std::size_t queues = 1;
    std::size_t spares = 0;
    restart_options restart{};
    std::chrono::milliseconds start_timeout{30'000};
    std::chrono::milliseconds shutdown_timeout{5'000};
  };

  /// Who has the tasks.
  class client {
  public:
    /// Whether a position of that queue that has no child needs one.
    virtual bool needs_children(queue_id queue) const = 0;
    /// Whether the child holds no task.
    virtual bool is_idle(std::uint32_t seat) const = 0;
    /// The child takes tasks from now on.
    virtual void takes_tasks(std::uint32_t seat, queue_id queue) = 0;
    /// The pool cannot go on; the children that are left are ended after this.
    virtual void gave_up(const std::exception_ptr& reason) = 0;

  protected:
    ~client() = default;
  };

  /// What a death says of the pool.
  enum class blame {
    child, ///< the child died of itself, or nobody knows of what
    task,  ///< a task is known to be the cause
  };

  supervision(rules with, child_host& host, client& told);

  /// Starts, promotes and dismisses until what there is is what is wanted. Idempotent.
  void reconcile(time_point now);

  // -- events -----------------------------------------------------------------------------------------

  /// The launch of the child has begun: so does the time that it has for its start.
  void launching(std::uint32_t seat, time_point now);
  /// It is known which process the child is, so what it has said can be read.
  void launched(std::uint32_t seat);
  /// The child has started, and its initializer has returned.
  void ready(std::uint32_t seat);
  /// The child takes no more tasks. It leaves when it is idle and has a successor, or needs none.
  void retire(std::uint32_t seat);
  /// The child is gone, and so are its tasks.
  void down(std::uint32_t seat, const child_exit& exit, const std::exception_ptr& start_error,
    blame cause, time_point now);
  /// A task has ended well.
  void succeeded() noexcept { intensity_.succeeded(); }

  // -- orders -----------------------------------------------------------------------------------------

  /// The pool gets more slots, or fewer: then the children of the last ones, if they have not started yet, leave;
  /// those that take tasks are to be retired by the caller.
  void resize(std::size_t slots, time_point now);
  /// All children that there are now are outdated. Spares leave at once, or when they are ready; for the others see
  /// `next_outdated`.
  void renew();
  /// The slot whose child the caller is to retire next, so that there is one at a time whose successor is not ready.
  /// O(slots) where there is one, else O(1).
  std::optional<std::size_t> next_outdated();
  /// Ends a child, and what runs in it: SIGTERM, and after `grace` SIGKILL. Its successor follows.
  void end(
    std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason, time_point now);
  /// All children leave in an orderly way, and none is started any more.
  void drain_all(time_point now);
  /// All children are ended, and none is started any more.
  void terminate_all(const std::string& reason, time_point now);
  /// The pool cannot go on, for a reason of its client's. As when it gives up by itself.
  void give_up(const std::exception_ptr& reason, time_point now);

  // -- time -------------------------------------------------------------------------------------------

  /// When `alarm` is to be called.
  std::optional<time_point> next_alarm() const noexcept;
  void alarm(time_point now);

  // -- what there is ----------------------------------------------------------------------------------

  const child_table& children() const noexcept { return table_; }
  /// Whether each position has a child that is ready.
  bool all_ready() const;
  std::uint64_t deaths() const noexcept { return deaths_; }
  bool stopping() const noexcept { return stopping_; }
  /// "child 3", or "spare 0".
  std::string name_of(std::size_t position) const;

private:
  // What a child is to have done by some time.
  struct deadline {
    time_point when{};
    std::string reason{}; // of its end, if it has not
    bool ending = false;  // it has been told by a signal
  };

  bool is_vacant(std::size_t position) const noexcept;
  bool wants_child(std::size_t position) const;
  void look_at(std::size_t position);
  void fill(std::size_t position, time_point now);
  void promote(std::uint32_t seat, std::size_t position);
  void start(std::size_t position, time_point now);
  void dismiss_retired(time_point now);
  void dismiss_outdated_spares(time_point now);
  void failed_start(std::size_t position, const std::exception_ptr& reason, time_point now);
  void set_deadline(std::uint32_t seat, time_point when, std::string reason);
  void drop_deadline(std::uint32_t seat);
  void leave(std::uint32_t seat, time_point now);
  void terminate(std::uint32_t seat, time_point kill_at, const std::string& reason);
  void wait_before_start(std::size_t position, std::chrono::milliseconds delay, time_point now);
  void stop_starting();
  void check_all_down();
  std::exception_ptr why_no_start(
    const child_record& child, const child_exit& exit, const std::exception_ptr& start_error) const;

  const rules rules_;
  child_host& host_;
  client& client_;
  child_table table_;
  restart_intensity intensity_;
  index_set vacant_;                                           // positions
  index_set retiring_;                                         // seats
  std::vector<time_point> not_before_;                         // by position
  std::vector<deadline> deadlines_;                            // by seat
  std::set<std::pair<time_point, std::uint32_t>> by_deadline_; // seats
  std::set<std::pair<time_point, std::size_t>> by_start_;      // positions that wait for a start
  std::optional<time_point> without_ready_since_;              // while there is no ready child
  std::uint64_t deaths_ = 0;
  bool had_ready_ = false;     // some child, a spare included, has been ready
  bool had_spare_ = false;     // some spare has been ready
  std::uint32_t outdated_ = 0; // the latest generation that is to be replaced
  bool renewing_ = false;      // there may be such a child that takes tasks
  bool stopping_ = false;      // children go and are not replaced
  bool told_all_down_ = false;
};

} // namespace troupe::policy
