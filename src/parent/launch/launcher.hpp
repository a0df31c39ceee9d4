#pragma once

#include "base/unique_fd.hpp"
#include "parent/launch/child_starter.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace troupe::parent {

/// What came of a launch: a process, or why there is none.
struct launch_result {
  started_process process;
  std::exception_ptr failure;
};

/// Starts children by one start method, on a thread of its own: launching blocks, and forking a large
/// parent takes long, while the loop must go on serving the other children. The thread lives as long as
/// this object, because a child's PR_SET_PDEATHSIG fires when the *thread* that forked it ends.
class launcher {
public:
  using callback = std::function<void(launch_result)>;

  /// Throws `std::system_error`.
  explicit launcher(std::unique_ptr<child_starter> starter);
  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;
  /// Launches that have not begun are dropped, without a call of their callback.
  ~launcher();

  /// Starts a child that inherits `control` as its link, when those that were asked for before it have been
  /// started. `begun` is called when it is its turn, `done` when it has been started or cannot be; both on
  /// the launcher's thread. Thread-safe.
  void launch(base::unique_fd control, callback done, std::function<void()> begun = {});

private:
  struct request {
    base::unique_fd control;
    callback done;
    std::function<void()> begun;
  };

  void run();
  launch_result start(const base::unique_fd& control) noexcept;

  std::unique_ptr<child_starter> starter_;
  base::unique_fd stop_event_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<request> requests_; // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_
  std::thread thread_;
};

} // namespace troupe::parent
