#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::parent {

class process_control;

/// The processes of a runtime that have been started and have not ended. It keeps them, so that they do
/// not depend on their handles. Thread-safe.
class process_registry {
public:
  process_registry() = default;
  process_registry(const process_registry&) = delete;
  process_registry& operator=(const process_registry&) = delete;

  /// Throws `std::logic_error` once `end_all` has begun.
  void add(std::shared_ptr<process_control> process);
  void remove(const process_control& process);

  /// Ends those that are daemonic, and waits for all. While the loop runs, and not on its thread.
  void end_all();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<process_control>> running_; // guarded by mutex_
  bool ending_ = false;                                   // guarded by mutex_
};

} // namespace troupe::parent
