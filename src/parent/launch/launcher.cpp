#include "parent/launch/launcher.hpp"

#include "os/process_setup.hpp"
#include "os/start_thread.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <sys/eventfd.h>

namespace troupe::parent {

launcher::launcher(std::unique_ptr<child_starter> starter)
  : starter_(std::move(starter))
  , stop_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!stop_event_)
    throw std::system_error(errno, std::generic_category(), "eventfd for a launcher");
  const os::signals_blocked blocked;
  thread_ = os::start_thread("a launcher of children", [this] { run(); });
}

launcher::~launcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(stop_event_.get(), 1);
  changed_.notify_one();
  thread_.join();
}

void launcher::launch(base::unique_fd control, callback done, std::function<void()> begun) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back({std::move(control), std::move(done), std::move(begun)});
  }
  changed_.notify_one();
}

void launcher::run() {
  ::pthread_setname_np(::pthread_self(), "troupe-launch");
  for (;;) {
    request next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !requests_.empty(); });
      if (stopping_)
        return;
      next = std::move(requests_.front());
      requests_.pop_front();
    }
    if (next.begun)
      next.begun();
    auto result = start(next.control);
    next.control.reset(); // the child has its own
    next.done(std::move(result));
  }
}

launch_result launcher::start(const base::unique_fd& control) noexcept {
  try {
    return {starter_->start(control, stop_event_.get()), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

} // namespace troupe::parent
