#include "child/runtime/surroundings.hpp"

#include "child/runtime/inheritance.hpp"

#include <troupe/this_child.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

namespace child {

namespace {

struct surroundings {
  surroundings(boost::asio::any_io_executor of_loop, std::size_t at)
    : executor(std::move(of_loop))
    , position(at) {}

  const boost::asio::any_io_executor executor;
  std::atomic<std::size_t> position; // of a spare, until it takes its place
};

std::optional<surroundings>& here() {
  // Never destroyed: a child may still be asked when it leaves.
  static auto* const instance = new std::optional<surroundings>;
  return *instance;
}

surroundings& known(const char* asked) {
  if (here())
    return *here();
  throw std::logic_error(std::string("troupe::this_child::") + asked +
                         (was_started_by_runtime() ? ": this child has not been set up yet"
                                                   : ": this process is not a child of a pool"));
}

} // namespace

void set_surroundings(boost::asio::any_io_executor of_loop, std::size_t position) {
  here().emplace(std::move(of_loop), position);
}

void move_to(std::size_t position) noexcept {
  here()->position = position;
}

} // namespace child

namespace this_child {

bool is_child() noexcept {
  return child::was_started_by_runtime();
}

boost::asio::any_io_executor executor() {
  return child::known("executor").executor;
}

std::size_t slot() {
  return child::known("slot").position;
}

} // namespace this_child
} // namespace troupe
