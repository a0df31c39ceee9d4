#include "child/tasks/invoke.hpp"

#include "child/runtime/copies.hpp"
#include "child/tasks/describe_exception.hpp"
#include "child/tasks/throw_recorder.hpp"
#include "values/exception_codec.hpp"

#include <new>

#include <unistd.h>

namespace troupe::child {

std::exception_ptr invoke(
  const accepted_call& call, std::span<const std::byte> arguments, detail::bytes& result) noexcept {
  const record_throws recording;
  std::exception_ptr thrown;
  try {
    detail::invocation invocation{arguments, call.target, result};
    reinterpret_cast<detail::plain_thunk>(call.thunk)(invocation);
  } catch (...) {
    thrown = std::current_exception();
  }
  end_copy();
  return thrown;
}

detail::bytes report(const std::exception_ptr& thrown, const task_context& context) {
  const as_current_task current(&context);
  exception_report description;
  detail::bytes encoded;
  const auto describe = [&](const std::exception_ptr& what) {
    description = describe_exception(what);
    if (description.pid == 0) { // else it came from another task
      description.pid = ::getpid();
      description.slot = context.position;
      description.task = context.task;
      description.attempt = context.attempt;
    }
    encoded.clear();
    detail::encode_report(encoded, description);
  };
  try {
    describe(thrown);
  } catch (const std::bad_alloc&) {
    describe(std::current_exception()); // shorter than a text of the user
  }
  return encoded;
}

} // namespace troupe::child
