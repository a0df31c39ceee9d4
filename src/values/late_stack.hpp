#pragma once

#include <troupe/errors.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe::detail {

/// A stack that is asked of a child, and comes after the error that has it. Thread-safe. Made on the event loop's thread,
/// which brings the answer and so never waits for it.
class late_stack {
public:
  late_stack();
  /// One that is known.
  explicit late_stack(std::vector<code_location> known);

  /// What there is, when it has come, or after `patience`.
  std::vector<code_location> wait(std::chrono::milliseconds patience) const;

  /// Who brings it. Without a stack when its last copy is gone.
  class promise {
  public:
    explicit promise(std::shared_ptr<late_stack> to);
    void keep(std::vector<code_location> stack) const;

  private:
    struct owed;
    std::shared_ptr<owed> owed_;
  };

private:
  void set(std::vector<code_location>&& stack);

  const std::thread::id maker_;
  mutable std::mutex mutex_; // guards what follows
  mutable std::condition_variable changed_;
  std::vector<code_location> stack_;
  bool known_ = false;
};

} // namespace troupe::detail
