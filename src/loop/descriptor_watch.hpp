#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>

namespace troupe::loop {

/// Calls a function on the loop each time that a descriptor is readable, until it is destroyed. Does
/// not own the descriptor, which must outlive it. After destruction the function is not called again,
/// so a descriptor number that is reused meanwhile confuses nobody.
class descriptor_watch {
public:
  descriptor_watch(boost::asio::io_context& io, int fd, std::function<void()> readable);
  descriptor_watch(const descriptor_watch&) = delete;
  descriptor_watch& operator=(const descriptor_watch&) = delete;
  ~descriptor_watch();

private:
  struct state;
  struct renewal;
  static void arm(const std::shared_ptr<state>& watched);

  std::shared_ptr<state> state_;
};

} // namespace troupe::loop
