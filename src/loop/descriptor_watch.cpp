#include "loop/descriptor_watch.hpp"

#include <utility>

namespace troupe::loop {

struct descriptor_watch::state {
  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> readable;
  bool watching = true;
};

descriptor_watch::descriptor_watch(
  boost::asio::io_context& io, int fd, std::function<void()> readable)
  : state_(new state{boost::asio::posix::stream_descriptor(io, fd), std::move(readable)}) {
  arm(state_);
}

descriptor_watch::~descriptor_watch() {
  state_->watching = false;
  state_->descriptor.release(); // cancels the wait and leaves the descriptor open
}

void descriptor_watch::arm(const std::shared_ptr<state>& watched) {
  watched->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
    [watched](const boost::system::error_code& error) {
      if (error || !watched->watching)
        return;
      watched->readable();
      if (watched->watching)
        arm(watched);
    });
}

} // namespace troupe::loop
