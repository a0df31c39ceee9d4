#pragma once

#include "link/unique_fd.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace troupe::parent {

/// What came of a launch: a process with its pidfd, or an error.
struct launch_result {
  pid_t pid = 0;
  link::unique_fd pidfd;
  std::error_code error;
};

/// Starts children with the `spawn` method: a fork and exec of this program's own image, through
/// Boost.Process.
///
/// On a thread of its own: launching blocks until the exec, and forking a large parent takes long, while
/// the loop must go on serving the other children. The thread lives as long as this object, because a
/// child's PR_SET_PDEATHSIG fires when the *thread* that forked it ends.
class launcher {
public:
  using callback = std::function<void(launch_result)>;

  /// `arguments` is the command line of the children, beginning with the program's name; `program` the
  /// file to execute.
  explicit launcher(std::vector<std::string> arguments, std::string program = "/proc/self/exe");
  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;
  /// Launches that have not begun are dropped, without a call of their callback.
  ~launcher();

  /// Starts a child that inherits `control` as its link. `done` is called on the launcher's thread.
  /// Thread-safe.
  void launch(link::unique_fd control, callback done);

private:
  struct request {
    link::unique_fd control;
    callback done;
  };

  void run();
  launch_result start(const link::unique_fd& control) const;

  const std::vector<std::string> arguments_;
  const std::string program_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<request> requests_; // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_
  std::thread thread_;
};

} // namespace troupe::parent
