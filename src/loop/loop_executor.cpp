#include "loop/loop_executor.hpp"

#include <troupe/detail/async_wait.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>

#include <mutex>
#include <utility>

namespace troupe {

namespace {

struct known_executor {
  std::mutex mutex;
  boost::asio::any_io_executor executor; // guarded by mutex
};

known_executor& known() {
  // Never destroyed: a runtime that is a global object may end after whatever is destroyed here.
  static auto* const instance = new known_executor;
  return *instance;
}

} // namespace

void loop::set_loop_executor(boost::asio::any_io_executor executor) {
  const std::lock_guard lock(known().mutex);
  known().executor = std::move(executor);
}

void loop::clear_loop_executor() {
  set_loop_executor({});
}

boost::asio::any_io_executor detail::loop_executor() {
  const std::lock_guard lock(known().mutex);
  if (known().executor)
    return known().executor;
  return boost::asio::system_executor();
}

std::exception_ptr detail::operation_aborted() {
  return std::make_exception_ptr(
    boost::system::system_error(boost::asio::error::operation_aborted));
}

} // namespace troupe
