#pragma once

#include "compat/executor.hpp"
#include "loop/job_list.hpp"
#include "policy/spin_budget.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::loop {

/// Something that the loop looks at each turn because no descriptor tells of it: a ring in shared
/// memory.
///
/// One that has had nothing for many turns may rest: it is not looked at until `event_loop::attend`, so that a turn costs
/// nothing for the many children of a pool that have nothing to say.
class loop_source {
public:
  virtual ~loop_source() = default;
  /// Does what there is to do now; true if there was something.
  virtual bool poll() = 0;
  /// Sends off what `poll` and the actors have batched in this turn.
  virtual void flush() = 0;
  /// Arranges for a wake-up, then looks once more; false if there is something to do.
  virtual bool prepare_sleep() = 0;
  virtual void awake() = 0;
  /// Whether it calls `attend` when it is woken, and before it has anything to flush: then it may rest.
  virtual bool may_rest() const { return false; }

private:
  friend class event_loop;
  bool rests_ = false; // prepared to sleep, and not among the loop's sources
  std::uint32_t idle_turns_ = 0;
};

/// One thread that runs everything of troupe in its process: an `asio::io_context` which is also what
/// CAF calls an execution unit, or a scheduler in 1.x. Actors that name it as theirs (`loop_actor`) run here, between the rings and the
/// descriptors, so a frame reaches its actor without waking a thread. Actors of the program that they send
/// to run in CAF's scheduler, as ever.
///
/// `exec_later`, `stop` and `io()` may be used from any thread, everything else on the loop's own, or
/// before `run`.
///
/// An actor of a loop that is owned by a shared pointer keeps it: handles may outlive everything else.
class event_loop final : public compat::executor, public std::enable_shared_from_this<event_loop> {
public:
  explicit event_loop(
    caf::actor_system& system, int concurrency_hint = BOOST_ASIO_CONCURRENCY_HINT_SAFE);
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop() override;

  boost::asio::io_context& io() noexcept { return io_; }

  /// Runs until `stop`. The calling thread is the loop's thread from here on.
  void run();
  void stop() override;
  /// After `run`, or if there was none: destroys what still waits, such as coroutines that are suspended.
  /// From now on nothing is executed any more.
  void shut_down();
  /// On the loop's thread, from inside something that the loop runs, but not an actor: goes on with
  /// everything else for as long as `waiting` says so.
  void run_while(const std::function<bool()>& waiting);

  /// The loop that runs on the calling thread, or null.
  static event_loop* current() noexcept;

  void add_source(loop_source* source);
  /// Also from inside that source's own `poll`.
  void remove_source(loop_source* source);
  /// Looks at that source each turn again, if it rests.
  void attend(loop_source& source) {
    if (source.rests_)
      end_rest(source);
  }
  void set_spin_maximum(std::chrono::nanoseconds maximum) noexcept { spin_.set_maximum(maximum); }

  void exec_later(caf::resumable* job) override;

private:
  void wake_up();
  bool turn();
  bool run_jobs();
  bool run(job_list& jobs);
  void take_remote_jobs(job_list& to);
  bool poll_sources();
  void end_rest(loop_source& source);
  void begin_rests();
  bool poll_io(bool otherwise_idle);
  bool spin();
  void sleep();

  // Asio leaves it to classes like this one to shut down before they are destroyed.
  struct io_context : boost::asio::io_context {
    using boost::asio::io_context::io_context;
    void shut_down() { shutdown(); }
  };

  void release_jobs();

  io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  job_list jobs_;
  job_list running_; // none but while jobs run
  std::vector<loop_source*>
    sources_;             // those that do not rest; a removed one leaves a null until the turn ends
  std::size_t added_ = 0; // the number of all sources
  policy::spin_budget spin_;
  std::chrono::steady_clock::time_point last_io_poll_{};

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> sleeping_ = false;
  std::atomic<bool> has_remote_jobs_ = false;
  std::mutex remote_mutex_;
  job_list remote_jobs_;   // guarded by remote_mutex_
  bool shut_down_ = false; // guarded by remote_mutex_
};

} // namespace troupe::loop
