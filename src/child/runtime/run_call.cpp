#include "child/runtime/run_call.hpp"

#include "child/tasks/throw_recorder.hpp"

#include <troupe/detail/callable.hpp>

#include <stdexcept>

namespace troupe::child {

std::exception_ptr run_call(const link::wire_call& call, const known_modules& modules) {
  if (call.empty())
    return nullptr;
  const record_throws recording;
  try {
    const auto thunk = detail::function_at(call.thunk);
    if (thunk == nullptr)
      throw std::logic_error(modules.why_missing(call.thunk));
    detail::bytes result;
    detail::invocation invocation{call.arguments, detail::function_at(call.target), result};
    reinterpret_cast<detail::plain_thunk>(thunk)(invocation);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

} // namespace troupe::child
