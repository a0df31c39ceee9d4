#include "parent/child/stack_request.hpp"

#include "base/limits.hpp"
#include "os/noted_modules.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <utility>

namespace troupe::parent {

stack_request::stack_request(boost::asio::io_context& io,
  std::shared_ptr<link::shared_region> region, pid_t pid, std::string who)
  : region_(std::move(region))
  , pid_(pid)
  , who_(std::move(who))
  , question_(region_->header().stacks, pid)
  , timer_(io)
  , deadline_(clock::now() + limits::stack_patience) {}

std::shared_ptr<stack_request> stack_request::start(boost::asio::io_context& io,
  std::shared_ptr<link::shared_region> region, pid_t pid, std::string who) {
  std::shared_ptr<stack_request> self(
    new stack_request(io, std::move(region), pid, std::move(who)));
  self->look();
  return self;
}

void stack_request::add(pid_t thread, stack_answer answer) {
  if (thread == 0)
    question_.ask_all();
  else
    question_.ask(thread);
  askers_.push_back(std::move(answer));
}

// The threads answer from inside a signal handler, which rings no bell.
void stack_request::look() {
  timer_.expires_after(pause_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error)
      self->take_turn();
  });
}

void stack_request::take_turn() noexcept {
  try {
    if (question_.answered() || clock::now() >= deadline_)
      return finish();
    pause_ = std::min(2 * pause_, std::chrono::milliseconds(50));
    look();
  } catch (...) { // there is no memory
    tell({}, std::current_exception());
  }
}

void stack_request::finish() {
  if (question_.answers() == 0)
    return tell({}, std::make_exception_ptr(error(who_ + " has not told its stack within " +
                                                  std::to_string(limits::stack_patience.count()) +
                                                  " ms: it has ended, is stopped, or its program "
                                                  "handles SIGURG itself")));
  const auto stacks = question_.stacks();
  std::vector<code_location> places;
  for (const auto& one : stacks)
    places.insert(places.end(), one.frames.begin(), one.frames.end());
  os::note_modules_of(pid_, places);
  tell(stacks, nullptr);
}

void stack_request::tell(
  const std::vector<thread_stack>& stacks, const std::exception_ptr& problem) noexcept {
  for (const auto& answer : std::exchange(askers_, {})) {
    try {
      answer(std::vector<thread_stack>(stacks), problem);
    } catch (...) { // there is no memory to tell all of it
      try {
        answer({}, std::current_exception());
      } catch (...) {
        // Nor is there any to tell that.
      }
    }
  }
}

} // namespace troupe::parent
