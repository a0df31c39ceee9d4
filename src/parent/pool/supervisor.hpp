#pragma once

#include "actors/actor_hub.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/child_process.hpp"
#include "parent/child/life_listener.hpp"
#include "parent/launch/launcher.hpp"
#include "policy/child_port.hpp"
#include "policy/child_table.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/stats.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::parent {

/// The processes of a pool: carries out what `policy::supervision` orders, and reports what becomes of them.
/// On the loop's thread.
class supervisor final : life_listener {
public:
  class owner {
  public:
    virtual void on_launching(std::uint32_t seat) = 0;
    virtual void on_launched(std::uint32_t seat) = 0;
    virtual void on_ready(std::uint32_t seat) = 0;
    virtual void on_full(std::uint32_t seat) = 0;
    /// As `life_listener::child_exited`.
    virtual void on_exited(std::uint32_t seat) = 0;
    /// The child is gone; its tasks are still known.
    virtual void on_down(std::uint32_t seat, const child_process& child) = 0;
    /// ... and now everything of it has been released.
    virtual void on_released() = 0;
    /// What the actors of a child ended of.
    virtual caf::error reason_for_actors(const child_process& child) const = 0;

  protected:
    ~owner() = default;
  };

  supervisor(loop::event_loop& loop, launcher& with, actors::actor_hub& hub,
    std::shared_ptr<const pool_options> options, link::link_size size, owner& told,
    task_listener& tasks);
  ~supervisor();

  // -- orders (policy::child_host) ------------------------------------------------------------------

  std::exception_ptr start(std::uint32_t seat, const policy::child_record& child);
  void take_position(std::uint32_t seat, const policy::child_record& child);
  child_process& operator[](std::uint32_t seat) { return *children_[seat]; }
  /// The pool is to have so many children.
  void resize(std::size_t processes);
  /// Children that are started from now on have these options.
  void change(std::shared_ptr<const pool_options> options) { options_ = std::move(options); }

  // -- what is known --------------------------------------------------------------------------------

  /// 0 if there is no process.
  pid_t pid_of(std::uint32_t seat) const noexcept {
    return seat < children_.size() && children_[seat] ? children_[seat]->pid() : 0;
  }
  /// So many tasks, or items of a batch, have ended in the child.
  void count_tasks(std::uint32_t seat, std::size_t tasks) noexcept {
    history_[positions_[seat]].tasks += tasks;
  }
  /// Without the memory of each child, which takes a system call.
  std::vector<child_stats> stats(const policy::child_table& table) const;

private:
  using clock = std::chrono::steady_clock;

  // What happened at one position so far, beside its present child.
  struct position_history {
    std::uint64_t tasks = 0;
    std::chrono::microseconds cpu{0};
    std::size_t starts = 0;
    clock::time_point first_start{};
  };

  void child_launching(child_process& child) override { owner_.on_launching(child.seat()); }
  void child_launched(child_process& child) override { owner_.on_launched(child.seat()); }
  void child_ready(child_process& child) override { owner_.on_ready(child.seat()); }
  void child_full(child_process& child) override { owner_.on_full(child.seat()); }
  void child_exited(child_process& child) override { owner_.on_exited(child.seat()); }
  void child_down(child_process& child) override;

  void note_start(std::size_t position);
  link::child_settings settings_for(std::size_t slot) const;

  loop::event_loop& loop_;
  launcher& launcher_;
  actors::actor_hub& hub_;
  owner& owner_;
  task_listener& tasks_;
  std::shared_ptr<const pool_options> options_; // of the children that are started
  const link::link_size link_size_;
  std::size_t processes_;                                // of the pool now
  std::vector<std::shared_ptr<child_process>> children_; // by seat
  std::vector<std::size_t> positions_;                   // by seat
  std::vector<position_history> history_;                // by position
};

} // namespace troupe::parent
