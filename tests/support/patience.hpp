#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace troupe::test {

/// Bounds every wait of the tests of a program: a test that is not over within a generous time is ended with its program,
/// after a report of what everything stands at (hang_report.hpp). TROUPE_TEST_PATIENCE says after how many seconds; 0:
/// never.
class patience {
public:
  /// Starts its thread, if there is a limit.
  patience();
  patience(const patience&) = delete;
  ~patience();

  void begin(const std::string& test);
  void end();

private:
  void watch();

  std::chrono::seconds limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;                              // guarded by mutex_
  std::string test_;                               // guarded by mutex_; empty: none
  std::chrono::steady_clock::time_point deadline_; // guarded by mutex_; of it
  std::thread thread_;
};

} // namespace troupe::test
