#include "loop/descriptor_watch.hpp"

#include "loop/wait_memory.hpp"

#include <utility>

#include <poll.h>

namespace troupe::loop {

struct descriptor_watch::state {
  state(boost::asio::io_context& io, std::function<void()> when_readable)
    : descriptor(io)
    , readable(std::move(when_readable)) {}

  wait_memory memory; // of the wait, which is over when the descriptor is destroyed
  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> readable;
  bool watching = true;
  bool event_is_its_own = false;

  // Where Asio has just dropped a descriptor that had an event in this turn of the loop, it may take that for the first event
  // of the next descriptor: their records have the same place.
  bool is_event() {
    if (!event_is_its_own) {
      pollfd look{descriptor.native_handle(), POLLIN, 0};
      event_is_its_own = ::poll(&look, 1, 0) != 0;
    }
    return event_is_its_own;
  }
};

// Keeps the state, and with it the memory in which Asio keeps this.
struct descriptor_watch::renewal {
  using allocator_type = wait_allocator<std::byte>;

  allocator_type get_allocator() const noexcept { return allocator_type(watched->memory); }
  void operator()(const boost::system::error_code& error) const {
    if (error || !watched->watching)
      return;
    if (watched->is_event())
      watched->readable();
    if (watched->watching)
      arm(watched);
  }

  std::shared_ptr<state> watched;
};

descriptor_watch::descriptor_watch(
  boost::asio::io_context& io, int fd, std::function<void()> readable)
  : state_(std::make_shared<state>(io, std::move(readable))) {
  // Last of what can fail: from here on the descriptor would close it.
  state_->descriptor.assign(fd);
  arm(state_);
}

descriptor_watch::~descriptor_watch() {
  state_->watching = false;
  state_->descriptor.release(); // cancels the wait and leaves the descriptor open
}

void descriptor_watch::arm(const std::shared_ptr<state>& watched) {
  watched->descriptor.async_wait(
    boost::asio::posix::stream_descriptor::wait_read, renewal{watched});
}

} // namespace troupe::loop
