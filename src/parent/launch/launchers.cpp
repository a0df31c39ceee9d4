#include "parent/launch/launchers.hpp"

#include "os/command_line.hpp"
#include "parent/launch/spawner.hpp"
#include "parent/launch/zygote_starters.hpp"

#include <stdexcept>
#include <utility>

namespace troupe::parent {

launchers::launchers(settings with, std::unique_ptr<zygote> forked)
  : settings_(std::move(with))
  , spawn_(std::make_unique<launcher>(
      std::make_unique<spawner>(settings_.arguments, os::program_file(), environment_)))
  , fork_(forked == nullptr
            ? nullptr
            : std::make_unique<launcher>(std::make_unique<fork_starter>(std::move(forked)))) {}

launcher& launchers::operator[](start_method method) {
  environment_->take();
  switch (method) {
  case start_method::spawn:
    return *spawn_;
  case start_method::fork:
    if (fork_)
      return *fork_;
    throw std::invalid_argument(
      "start method fork needs a zygote that was made before the program had threads: call "
      "troupe::set_start_method(troupe::start_method::fork) before troupe::runtime is constructed, "
      "or "
      "set runtime_options::start_method");
  case start_method::forkserver:
    break;
  }
  const std::lock_guard lock(mutex_);
  if (!forkserver_)
    forkserver_ = std::make_unique<launcher>(
      std::make_unique<forkserver>(spawner(settings_.arguments, os::program_file(), environment_),
        settings_.preload, settings_.preload_timeout));
  return *forkserver_;
}

} // namespace troupe::parent
