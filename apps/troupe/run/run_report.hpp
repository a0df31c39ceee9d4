#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>

namespace troupe_cli {

/// What a run says on standard error: whole lines, from any thread. All text is to be printable.
class run_report {
public:
  void line(const std::string& text);

  /// The run cannot go on: the first reason, which is told.
  void broken(const std::string& text);
  bool is_broken() const noexcept { return broken_; }

private:
  std::mutex mutex_;
  std::atomic<bool> broken_ = false;
};

} // namespace troupe_cli
