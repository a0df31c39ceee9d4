#pragma once

#include "loop/event_loop.hpp"
#include "parent/child/child_process.hpp"
#include "parent/launch/launcher.hpp"
#include "parent/serve/child_requests.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/detail/task_state.hpp>
#include <troupe/process_options.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace troupe::parent {

/// One call on a child of its own, from its launch to its end. On the loop's thread, but for its
/// construction; a `process_control` is what other threads see of it.
class single_process final : public std::enable_shared_from_this<single_process>,
                             life_listener,
                             task_listener,
                             child_requests::owner {
public:
  /// What becomes of a failure of the call.
  enum class failures { logged, thrown };

  /// Is told what there is to wait for. Outlives the child.
  class owner {
  public:
    virtual void launched(pid_t pid) = 0;
    /// The last that it hears.
    virtual void ended(const child_exit& exit, detail::outcome&& result) = 0;

  protected:
    ~owner() = default;
  };

  single_process(loop::event_loop& loop, launcher& with, exports& known, owner& told,
    std::shared_ptr<const process_options> options, detail::task_ptr call, failures its_failures);
  ~single_process();

  void launch();
  void signal(int number, const std::string& reason);
  /// The runtime ends: it is terminated, and killed if it does not react.
  void terminate();

private:
  // What the child is about, as far as deadlines are concerned.
  enum class phase { starting, working, leaving };

  // `make_reason()`: what is said of it then.
  template <class MakeReason>
  void kill_after(std::chrono::milliseconds time, MakeReason make_reason);
  void out_of_time(phase meant, const std::string& reason);
  detail::outcome outcome_after(const child_process& child);
  void log_end(const child_process& child) const;
  void finish(const child_exit& exit, detail::outcome&& result);

  void child_launching(child_process& child) override;
  void child_launched(child_process& child) override;
  void child_ready(child_process& child) override;
  void task_ended(std::uint32_t seat, const policy::child_outcome& came) override;
  void batch_ended() override {}
  void child_down(child_process& child) override;
  void child_asked(child_process& child, const link::frame_header& header,
    std::span<const std::byte> payload) override;
  void child_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) override;
  void child_exited(child_process& child) override;

  // It belongs to no pool: what it submits is as foreign as what the parent submits.
  bool is_own(const pool_control&) const override { return false; }
  void submit_nested(detail::task_ptr) override {}
  void cancel_nested(const detail::task_ptr&, bool) override {}

  loop::event_loop& loop_;
  launcher& launcher_;
  exports& exports_;
  owner& owner_;
  const std::shared_ptr<const process_options> options_;
  const failures failures_;
  detail::task_ptr call_; // until it is over

  std::shared_ptr<child_process> child_;     // null before its launch and after its end
  std::shared_ptr<child_requests> requests_; // null until it asks for something
  phase phase_ = phase::starting;
  std::optional<boost::asio::steady_timer> deadline_;
  std::optional<detail::outcome> outcome_;
  bool launched_ = false;
  bool overdue_ = false; // its time to start has passed, and its launcher has not told of it yet
  int early_signal_ = 0; // to be sent as soon as there is a process
  std::string early_reason_;
  bool asked_to_end_ = false; // by its user, so its end is no surprise
  bool start_timed_out_ = false;
};

} // namespace troupe::parent
