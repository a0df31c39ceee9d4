#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/queue_port.hpp>

#include <troupe/errors.hpp>

#include <cstring>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace troupe::detail {

pool_port::~pool_port() = default;

queue_port::~queue_port() = default;

bool wait_for_task(const pool_ref& pool, promise& task,
  std::chrono::steady_clock::time_point deadline, const char* what) {
  return task.done() || pool->wait(task, deadline, what);
}

std::pair<queue_status, std::span<const std::byte>> result_of_operation(const promise& operation) {
  if (const auto error = operation.error())
    std::rethrow_exception(error);
  const auto payload = view(operation.result().payload);
  queue_status status{};
  if (payload.size() < sizeof status)
    throw decode_error("the end of an operation on a queue has no status");
  std::memcpy(&status, payload.data(), sizeof status);
  if (status == queue_status::withdrawn)
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  return {status, payload.subspan(sizeof status)};
}

} // namespace troupe::detail
