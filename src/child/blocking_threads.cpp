#include "child/blocking_threads.hpp"

#include <boost/asio/post.hpp>

namespace troupe::child {

void blocking_threads::run(std::function<void()> function) {
  if (!pool_)
    pool_.emplace(count_);
  boost::asio::post(*pool_, std::move(function));
}

} // namespace troupe::child
