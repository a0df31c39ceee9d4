#include "child/runtime/surroundings.hpp"

#include "child/runtime/inheritance.hpp"
#include "loop/loop_executor.hpp"

#include <troupe/detail/async_wait.hpp>
#include <troupe/this_child.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

namespace child {

namespace {

// Of a spare, this changes when it takes its place.
std::optional<std::atomic<std::size_t>>& position() {
  // Never destroyed: a child may still be asked when it leaves.
  static auto* const instance = new std::optional<std::atomic<std::size_t>>;
  return *instance;
}

void check_set_up(const char* asked) {
  if (!position())
    throw std::logic_error(std::string("troupe::this_child::") + asked +
                           (was_started_by_runtime() ? ": this child has not been set up yet"
                                                     : ": this process is not a child of a pool"));
}

} // namespace

void set_surroundings(boost::asio::any_io_executor of_loop, std::size_t at) {
  loop::set_loop_executor(std::move(of_loop));
  position().emplace(at);
}

void move_to(std::size_t at) noexcept {
  *position() = at;
}

} // namespace child

namespace this_child {

bool is_child() noexcept {
  return child::was_started_by_runtime();
}

boost::asio::any_io_executor executor() {
  child::check_set_up("executor");
  return detail::loop_executor();
}

std::size_t slot() {
  child::check_set_up("slot");
  return *child::position();
}

} // namespace this_child
} // namespace troupe
