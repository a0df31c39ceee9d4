#include "monitor/pool_views.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace troupe::monitor {

namespace {

// Each pool that has been asked keeps it. So the last one to answer, or to end without an answer, completes it.
struct gathering {
  gathering(boost::asio::io_context& with, std::function<void(std::vector<pool_view>&&)> then)
    : io(with)
    , done(std::move(then)) {}
  gathering(const gathering&) = delete;
  gathering& operator=(const gathering&) = delete;
  ~gathering() {
    try {
      boost::asio::post(io,
        [views = std::move(views), done = std::move(done)]() mutable { done(std::move(views)); });
    } catch (...) {
      // There is no memory. `done` is destroyed without a call.
    }
  }

  boost::asio::io_context& io;
  std::function<void(std::vector<pool_view>&&)> done;
  std::vector<pool_view> views;
};

} // namespace

void gather_pools(boost::asio::io_context& io, const parent::pool_registry& pools,
  std::function<void(std::vector<pool_view>&&)> done) {
  const auto all = std::make_shared<gathering>(io, std::move(done));
  for (const auto& pool : pools.handles())
    pool->ask_snapshot(
      [all, id = pool->id()](pool_snapshot&& seen, const std::exception_ptr& problem) {
        if (problem)
          return; // it has no memory for an answer
        parent::pool_control::note_memory(seen.stats);
        all->views.push_back({id, std::move(seen)});
      });
}

} // namespace troupe::monitor
