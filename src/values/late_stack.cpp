#include "values/late_stack.hpp"

#include "base/limits.hpp"

#include <utility>

namespace troupe {

namespace detail {

late_stack::late_stack()
  : maker_(std::this_thread::get_id()) {}

late_stack::late_stack(std::vector<code_location> known)
  : maker_(std::this_thread::get_id())
  , stack_(std::move(known))
  , known_(true) {}

std::vector<code_location> late_stack::wait(std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  if (std::this_thread::get_id() != maker_)
    changed_.wait_for(lock, patience, [this] { return known_; });
  return stack_;
}

void late_stack::set(std::vector<code_location>&& stack) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(known_, true))
      return;
    stack_ = std::move(stack);
  }
  changed_.notify_all();
}

struct late_stack::promise::owed {
  explicit owed(std::shared_ptr<late_stack> whom)
    : to(std::move(whom)) {}
  owed(const owed&) = delete;
  ~owed() { to->set({}); }

  const std::shared_ptr<late_stack> to;
};

late_stack::promise::promise(std::shared_ptr<late_stack> to)
  : owed_(std::make_shared<owed>(std::move(to))) {}

void late_stack::promise::keep(std::vector<code_location> stack) const {
  owed_->to->set(std::move(stack));
}

} // namespace detail

task_stopped::task_stopped(
  const std::string& message, std::shared_ptr<const detail::late_stack> where)
  : error(message)
  , where_(std::move(where)) {}

std::vector<code_location> task_stopped::stack() const {
  // The child is asked for as long as that, and then the promise is dropped.
  return where_ == nullptr ? std::vector<code_location>()
                           : where_->wait(2 * limits::stack_patience);
}

} // namespace troupe
