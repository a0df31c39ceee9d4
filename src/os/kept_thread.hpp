#pragma once

#include <memory>

namespace troupe::os {

/// Keeps the thread that makes it from ending by `pthread_exit` for as long as it lives: the thread waits
/// then. For a thread whose end would end processes that it has forked (PR_SET_PDEATHSIG), as main's thread
/// may. To return from main, or to call `exit`, ends the process as ever.
class kept_thread {
public:
  /// Throws `std::system_error`.
  kept_thread();
  kept_thread(const kept_thread&) = delete;
  kept_thread& operator=(const kept_thread&) = delete;
  /// The thread may end. Also on another thread.
  ~kept_thread();

private:
  struct gate;
  const std::shared_ptr<gate> gate_;
};

} // namespace troupe::os
