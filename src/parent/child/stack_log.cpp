#include "parent/child/stack_log.hpp"

#include "base/limits.hpp"
#include "os/noted_modules.hpp"
#include "os/process_setup.hpp"
#include "parent/child/log.hpp"

#include <boost/asio/post.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

namespace troupe::os {

// Null in a program where nothing else refers to it (src/os/CMakeLists.txt says why).
[[gnu::weak]] std::string symbolize(const std::vector<code_location>& frames);

} // namespace troupe::os

namespace troupe::parent {

namespace {

struct waiting_stack {
  boost::asio::io_context* io;
  std::string text;
  std::vector<code_location> stack;
};

class naming_thread {
public:
  naming_thread() {
    const os::signals_blocked blocked;
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "troupe-stacks");
      run();
    });
  }
  naming_thread(const naming_thread&) = delete;

  ~naming_thread() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join(); // there is a bound for the names of one stack
  }

  // False if too many wait.
  bool add(waiting_stack&& one) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= limits::max_waiting_traces)
        return false;
      waiting_.push_back(std::move(one));
    }
    changed_.notify_all();
    return true;
  }

private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (ending_)
        return;
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      name(std::move(next));
      lock.lock();
    }
  }

  static void name(waiting_stack&& one) noexcept {
    try {
      auto& io = *one.io;
      one.text += os::symbolize(one.stack);
      boost::asio::post(io, [text = std::move(one.text)] { log()->warn("{}", text); });
    } catch (...) {
      // There is no memory for the message.
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<waiting_stack> waiting_; // guarded by mutex_
  bool ending_ = false;               // guarded by mutex_
  std::thread thread_;
};

// Made with the first stack, and ended with the runtime. On the loop's thread, but for its end. Not by the static
// destructors: a forked copy of this process has these as well, and has no such thread to wait for.
naming_thread* naming = nullptr;

} // namespace

void warn_with_stack(
  boost::asio::io_context& io, std::string text, const std::vector<code_location>& stack) {
  if (stack.empty()) {
    log()->warn("{}", text);
    return;
  }
  text += ", at\n";
  if (os::symbolize != nullptr) {
    try {
      if (naming == nullptr)
        naming = new naming_thread;
      if (naming->add({&io, text, stack}))
        return;
    } catch (const std::system_error&) {
      // There can be no more threads.
    }
  }
  log()->warn("{}{}", text, os::text_of_places(stack));
}

void stop_stack_log() {
  delete std::exchange(naming, nullptr);
}

} // namespace troupe::parent
