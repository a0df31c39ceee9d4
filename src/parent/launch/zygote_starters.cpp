#include "parent/launch/zygote_starters.hpp"

#include "link/zygote_protocol.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::parent {

forkserver::forkserver(
  spawner executor, std::vector<link::wire_call> preload, std::chrono::milliseconds preload_timeout)
  : executor_(std::move(executor))
  , preload_(std::move(preload))
  , preload_timeout_(preload_timeout)
  , bind_now_(std::getenv(link::bind_now_variable) == nullptr) {}

std::unique_ptr<zygote> forkserver::make() const {
  const auto execute = [this](const base::unique_fd& socket) {
    std::vector<std::string> more;
    if (bind_now_)
      more.push_back(link::bind_now_variable + std::string("=1"));
    return executor_.execute(socket, link::zygote_variable, std::move(more));
  };
  return std::make_unique<zygote>(execute, preload_, preload_timeout_, bind_now_);
}

void forkserver::make_ready(int stop) {
  if (!zygote_ || !zygote_->alive())
    zygote_ = make();
  try {
    zygote_->wait_ready(stop);
  } catch (...) {
    // A program, or a library that it loads, may refer to functions which do not exist, and work as long
    // as they are not called; but not like this.
    if (!bind_now_ || !zygote_->exited())
      throw;
    bind_now_ = false;
    zygote_ = make();
    zygote_->wait_ready(stop);
  }
}

started_process forkserver::start(const base::unique_fd& control, int stop) {
  // A zygote may have died since the last child: that is found out by asking it.
  constexpr int most_zygotes = 2;
  for (int i = 0; i < most_zygotes; ++i) {
    make_ready(stop);
    if (auto child = zygote_->fork_child(control, stop))
      return std::move(*child);
  }
  throw std::runtime_error("the zygote of start method forkserver " + zygote_->how_it_ended() +
                           ", and so did its successor");
}

fork_starter::fork_starter(std::unique_ptr<zygote> forked)
  : zygote_(std::move(forked)) {}

started_process fork_starter::start(const base::unique_fd& control, int stop) {
  if (zygote_->alive()) {
    zygote_->wait_ready(stop);
    if (auto child = zygote_->fork_child(control, stop))
      return std::move(*child);
  }
  throw std::runtime_error("the zygote of start method fork " + zygote_->how_it_ended() +
                           ", and what main had built for it cannot be built again: restart the "
                           "program, or use start method forkserver");
}

} // namespace troupe::parent
