#include "parent/launchers.hpp"

#include "parent/spawner.hpp"
#include "parent/zygote_starters.hpp"

#include <stdexcept>
#include <utility>

namespace troupe::parent {

launchers::launchers(settings with, std::unique_ptr<zygote> forked)
  : settings_(std::move(with))
  , forked_(std::move(forked))
  , spawn_(std::make_unique<launcher>(make_starter(start_method::spawn))) {}

launcher& launchers::operator[](start_method method) {
  const std::lock_guard lock(mutex_);
  auto& wanted = method == start_method::spawn        ? spawn_
                 : method == start_method::forkserver ? forkserver_
                                                      : fork_;
  if (!wanted)
    wanted = std::make_unique<launcher>(make_starter(method));
  return *wanted;
}

std::unique_ptr<child_starter> launchers::make_starter(start_method method) {
  if (method == start_method::spawn)
    return std::make_unique<spawner>(settings_.arguments);
  if (method == start_method::forkserver)
    return std::make_unique<forkserver>(
      spawner(settings_.arguments), settings_.preload, settings_.preload_timeout);
  if (!forked_)
    throw std::invalid_argument(
      "start method fork needs a zygote that was made before the program had threads: call "
      "troupe::set_start_method(troupe::start_method::fork) before troupe::runtime is constructed, "
      "or "
      "set runtime_options::start_method");
  return std::make_unique<fork_starter>(std::move(forked_));
}

} // namespace troupe::parent
