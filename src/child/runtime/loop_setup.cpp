#include "child/runtime/loop_setup.hpp"

#include "base/limits.hpp"
#include "child/tasks/throw_recorder.hpp"

#include <troupe/detail/callable.hpp>

#include <boost/asio/detail/concurrency_hint.hpp>

#include <stdexcept>
#include <string>

namespace troupe::child {

namespace {

static_assert(loop_options::safe_hint == BOOST_ASIO_CONCURRENCY_HINT_SAFE);

void check(const loop_options& options) {
  const int hint = options.concurrency_hint;
  if (hint != loop_options::safe_hint && (hint < 1 || hint > limits::max_loop_threads))
    throw std::invalid_argument("loop option concurrency_hint is " + std::to_string(hint) +
                                ", but must be 1 to " + std::to_string(limits::max_loop_threads) +
                                ", or BOOST_ASIO_CONCURRENCY_HINT_SAFE");
  if (options.blocking_threads > limits::max_childconcurrency)
    throw std::invalid_argument("loop option blocking_threads is " +
                                std::to_string(options.blocking_threads) + ", but must be 0 to " +
                                std::to_string(limits::max_childconcurrency));
}

} // namespace

loop_setup set_up_loop(const code_location& initializer) {
  loop_setup result;
  if (initializer == code_location{})
    return result;
  const record_throws recording;
  try {
    const auto function =
      reinterpret_cast<void (*)(loop_options&)>(detail::function_at(initializer));
    if (function == nullptr)
      throw std::logic_error("the loop initializer is in a module that is not loaded here");
    function(result.options);
    check(result.options);
  } catch (...) {
    result = {{}, std::current_exception()};
  }
  return result;
}

} // namespace troupe::child
