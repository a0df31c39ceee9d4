#pragma once

#include "parent/launch/child_starter.hpp"
#include "parent/launch/spawner.hpp"
#include "parent/launch/zygote.hpp"

#include <chrono>
#include <memory>
#include <vector>

namespace troupe::parent {

/// The start method `forkserver`: a zygote that is executed when the first child is asked for, and again
/// when it is gone.
class forkserver final : public child_starter {
public:
  forkserver(spawner executor, std::vector<link::wire_call> preload,
    std::chrono::milliseconds preload_timeout);

  started_process start(const base::unique_fd& control, int stop) override;

private:
  // As zygote's constructor.
  std::unique_ptr<zygote> make() const;
  // As `zygote::wait_ready`, of a zygote that is there.
  void make_ready(int stop);

  const spawner executor_;
  const std::vector<link::wire_call> preload_;
  const std::chrono::milliseconds preload_timeout_;
  bool bind_now_;
  std::unique_ptr<zygote> zygote_;
};

/// The start method `fork`: a zygote that was forked from this process. When it is gone there is no other:
/// this process has threads now.
class fork_starter final : public child_starter {
public:
  explicit fork_starter(std::unique_ptr<zygote> forked);

  started_process start(const base::unique_fd& control, int stop) override;

private:
  const std::unique_ptr<zygote> zygote_;
};

} // namespace troupe::parent
