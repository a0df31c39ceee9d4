#pragma once

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace troupe::parent {
class pool_registry;
}

namespace troupe::monitor {

/// Lets other processes of this user watch the pools of a runtime (include/troupe/control.hpp). It has no thread and no
/// timer: while nobody is connected, it is a descriptor that the loop watches.
class monitor_server {
public:
  /// Listens. While the loop runs, or before. Throws `std::exception` with the reason if that cannot be.
  monitor_server(boost::asio::io_context& io, parent::pool_registry& pools, std::string program);
  monitor_server(const monitor_server&) = delete;
  monitor_server& operator=(const monitor_server&) = delete;
  /// Hangs up. While the loop runs, and not on its thread.
  ~monitor_server();

private:
  class state;
  std::shared_ptr<state> state_;
};

} // namespace troupe::monitor
