#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace troupe_cli {

/// Results of a job on their way to another one, so many and so large at most: the job that makes them waits then.
/// Thread-safe.
class item_pipe {
public:
  /// Waits for room. Drops the result if nobody takes any more.
  void push(std::string json) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return abandoned_ || has_room(); });
    if (abandoned_)
      return;
    bytes_ += json.size();
    items_.push_back(std::move(json));
    ready_.notify_one();
  }

  /// There will be no more; `complete`: because these are all.
  void close(bool complete) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    complete_ = complete;
    ready_.notify_all();
  }

  /// Of one at its end: whether it has given all results that there are.
  bool is_complete() {
    const std::lock_guard lock(mutex_);
    return complete_;
  }

  /// Nobody will take more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    closed_ = true;
    items_.clear();
    room_.notify_all();
    ready_.notify_all();
  }

  /// Waits for one; nothing at the end.
  std::optional<std::string> pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (items_.empty())
      return std::nullopt;
    auto json = std::move(items_.front());
    items_.pop_front();
    bytes_ -= json.size();
    room_.notify_one();
    return json;
  }

private:
  static constexpr std::size_t most_items = 4096;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20;

  // At least one, however large.
  bool has_room() const {
    return items_.empty() || (items_.size() < most_items && bytes_ < most_bytes);
  }

  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::deque<std::string> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;
  bool complete_ = true;
};

} // namespace troupe_cli
