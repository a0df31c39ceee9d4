#pragma once

#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <functional>
#include <optional>

namespace troupe::child {

/// The threads on which a child runs blocking functions. None until the first one is needed.
class blocking_threads {
public:
  explicit blocking_threads(std::size_t count)
    : count_(count) {}
  void run(std::function<void()> function);

private:
  std::size_t count_;
  std::optional<boost::asio::thread_pool> pool_;
};

} // namespace troupe::child
