#pragma once

#include "link/child_settings.hpp"
#include "parent/launch/environment.hpp"
#include "parent/launch/launcher.hpp"
#include "parent/launch/zygote.hpp"

#include <troupe/start_method.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::parent {

/// The launchers of a runtime: one for each start method, so that none waits for another's. That of
/// `forkserver` is made when it is first needed. Thread-safe.
class launchers {
public:
  struct settings {
    std::vector<std::string> arguments; ///< the program's command line
    std::vector<link::wire_call> preload;
    std::chrono::milliseconds preload_timeout{0};
  };

  /// `forked` is the zygote of start method `fork`, or null.
  launchers(settings with, std::unique_ptr<zygote> forked);

  /// That of a start method. What it executes from now on has the environment of now, so this is for the
  /// thread that makes a pool or a process. Throws `std::invalid_argument` for `fork` if there is no zygote
  /// for it.
  launcher& operator[](start_method method);

private:
  const settings settings_;
  const std::shared_ptr<environment> environment_ = std::make_shared<environment>();
  const std::unique_ptr<launcher> spawn_;
  const std::unique_ptr<launcher> fork_; // null without a zygote
  std::mutex mutex_;
  std::unique_ptr<launcher> forkserver_; // guarded by mutex_
};

} // namespace troupe::parent
