#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::parent {

/// The environment of new processes: a copy of this process's, taken on a thread of the program, because the
/// program may change its own at any other time without regard to the threads of troupe. Thread-safe.
class environment {
public:
  using variables = std::vector<std::string>; ///< "NAME=value"

  /// Takes the first copy.
  environment() { take(); }

  /// Takes a new copy. No other thread may change the environment meanwhile.
  void take();
  std::shared_ptr<const variables> latest() const;

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const variables> latest_; // guarded by mutex_
};

} // namespace troupe::parent
