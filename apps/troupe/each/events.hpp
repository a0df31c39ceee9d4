#pragma once

#include "each/run_input.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace troupe_cli {

/// An attempt that has ended, or the task of it.
struct ended_attempt {
  std::uint64_t ticket = 0;
  std::exception_ptr failure{};
  input_end end{};
};

/// What the main thread waits for. Thread-safe.
class event_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  void push(ended_attempt ended) {
    {
      const std::scoped_lock lock(mutex_);
      ended_.push_back(std::move(ended));
    }
    changed_.notify_one();
  }

  /// There is something else to look at.
  void wake() {
    {
      const std::scoped_lock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

  void signal(int number) {
    {
      const std::scoped_lock lock(mutex_);
      signals_.push_back(number);
    }
    changed_.notify_one();
  }

  struct batch {
    std::vector<ended_attempt> ended{};
    std::vector<int> signals{};
  };

  /// What has happened since the last call, as soon as there is something, or when the time has come.
  batch wait_until(time_point deadline) {
    std::unique_lock lock(mutex_);
    const auto something = [this] { return woken_ || !ended_.empty() || !signals_.empty(); };
    if (deadline == time_point::max())
      changed_.wait(lock, something);
    else
      changed_.wait_until(lock, deadline, something);
    woken_ = false;
    return {std::exchange(ended_, {}), std::exchange(signals_, {})};
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ended_attempt> ended_;
  std::vector<int> signals_;
  bool woken_ = false;
};

} // namespace troupe_cli
