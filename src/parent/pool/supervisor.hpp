#pragma once

#include "parent/child/child_process.hpp"
#include "parent/launch/launcher.hpp"
#include "policy/child_table.hpp"
#include "policy/restart_intensity.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/stats.hpp>

#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::parent {

/// Keeps a pool's children alive: starts them, replaces those that die or have used up their budget,
/// makes them leave, and gives up when they cannot be kept. Keeps spares, which take the place of a child
/// that is gone at once. Knows nothing of tasks but that a child may
/// hold some. On the loop's thread.
class supervisor final : child_process::owner {
public:
  class owner {
  public:
    /// The child takes tasks from now on.
    virtual void on_ready(std::uint32_t seat, queue_id queue) = 0;
    virtual void on_outcome(std::uint32_t seat, const child_outcome& outcome) = 0;
    /// A batch of outcomes has been told.
    virtual void on_batch_end() = 0;
    /// So many actors live in the child.
    virtual void on_hosts(std::uint32_t seat, std::size_t actors) = 0;
    /// As in `child_process::owner`.
    virtual void on_asked(child_process& child, const link::frame_header& header,
      std::span<const std::byte> payload) = 0;
    virtual void on_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) = 0;
    virtual void on_lent(child_process& child, const lent_place& place) = 0;
    virtual void on_reclaimed(std::uint32_t seat, const lent_place& place) = 0;
    virtual void on_exited(std::uint32_t seat) = 0;
    /// The child is gone; what is left in it must be dealt with now. `on_purpose`: it was to go.
    virtual void on_down(std::uint32_t seat, const child_process& child, bool on_purpose) = 0;
    /// The pool cannot go on.
    virtual void on_gave_up(std::exception_ptr reason) = 0;
    /// After `drain_all` or `terminate_all`, and `on_gave_up`: the last child is gone.
    virtual void on_all_down() = 0;
    /// Whether a child that is gone needs a successor.
    virtual bool needs_children() const = 0;
    /// Whether the child holds no task.
    virtual bool is_idle(std::uint32_t seat) const = 0;

  protected:
    ~owner() = default;
  };

  supervisor(loop::event_loop& loop, launcher& with, actors::actor_hub& hub,
    const pool_options& options, link::link_size size, owner& told);
  ~supervisor();

  void start_all();
  bool has(std::uint32_t seat) const { return table_.present(seat); }
  /// Starts a child at each position that has none which takes tasks, or soon will. For tasks that come
  /// when nobody expected more.
  void start_missing();
  child_process& operator[](std::uint32_t seat) { return *children_[seat]; }

  /// The child takes no more tasks. It leaves when it is idle and its successor is ready, or when
  /// nobody needs one.
  void retire(std::uint32_t seat);
  /// Lets retired children that are idle leave. Called when that may have become so.
  void dismiss_retired();

  /// Ends a child, and what runs in it: SIGTERM, and after `grace` SIGKILL. Its successor follows.
  void end(std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason);

  /// All children leave in an orderly way; those that do not in time are killed. For idle children.
  void drain_all();
  /// All children are ended: SIGTERM, and after the shutdown timeout SIGKILL.
  void terminate_all(const std::string& reason);

  std::vector<child_stats> stats() const;
  std::uint64_t deaths() const noexcept { return deaths_; }

private:
  using clock = std::chrono::steady_clock;

  // What happened at one position so far, beside its present child.
  struct position_history {
    std::uint64_t tasks = 0;
    std::chrono::microseconds cpu{0};
    std::size_t starts = 0;
    clock::time_point first_start{};
  };

  void child_ready(child_process& child) override;
  void child_outcome_came(child_process& child, const child_outcome& outcome) override;
  void child_batch_ended(child_process& child) override;
  void child_down(child_process& child) override;
  void child_hosts(child_process& child, std::size_t actors) override;
  void child_asked(child_process& child, const link::frame_header& header,
    std::span<const std::byte> payload) override;
  void child_withdrew(child_process& child, std::uint64_t request, bool started_too) override;
  void child_lent(child_process& child, const lent_place& place) override;
  void child_reclaimed(child_process& child, const lent_place& place) override;
  void child_exited(child_process& child) override;

  // With a spare, if one is ready; else with a new child.
  void fill(std::size_t position);
  void promote(std::uint32_t seat, std::size_t position);
  void note_start(std::size_t position);
  void start_child(std::size_t position);
  void start_later(std::size_t position, std::chrono::milliseconds delay);
  bool has_successor(const policy::child_record& child) const;
  std::string name_of(std::size_t position) const;
  // Decides what follows a death; nothing: give up.
  std::optional<std::chrono::milliseconds> after_death(policy::child_phase phase);
  void after_failed_prepare(std::size_t position, std::exception_ptr why);
  void give_up(const child_process& last, policy::child_phase phase);
  void give_up(std::exception_ptr reason);
  link::child_settings settings_for(std::size_t position) const;
  std::unique_ptr<boost::asio::steady_timer> deadline(
    std::uint32_t seat, std::chrono::milliseconds after, std::string reason);
  // SIGTERM, and after `grace` SIGKILL.
  void terminate(std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason);
  // No child is started any more.
  void stop_starting();
  void check_all_down();
  caf::error reason_for_actors(const child_process& child) const;

  loop::event_loop& loop_;
  launcher& launcher_;
  actors::actor_hub& hub_;
  owner& owner_;
  const pool_options& options_;
  const link::link_size link_size_;
  policy::child_table table_;
  policy::restart_intensity intensity_;
  std::vector<std::shared_ptr<child_process>> children_;                 // by seat
  std::vector<std::unique_ptr<boost::asio::steady_timer>> deadlines_;    // by seat
  std::vector<std::unique_ptr<boost::asio::steady_timer>> start_timers_; // by position
  std::vector<position_history> history_;                                // by position
  std::uint64_t deaths_ = 0;
  bool stopping_ = false; // children go and are not replaced
  bool had_ready_ = false;
};

} // namespace troupe::parent
