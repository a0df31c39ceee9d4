#include "parent/process/process_control.hpp"

#include "base/surely.hpp"
#include "values/option_rules.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <new>
#include <stdexcept>
#include <utility>

namespace troupe::parent {

namespace {

using detail::outcome;

std::string next_process_name() {
  static std::atomic<unsigned> count = 0;
  return "process-" + std::to_string(++count);
}

process_options checked(process_options options) {
  detail::check_options(options);
  if (options.name.empty())
    options.name = next_process_name();
  return options;
}

detail::task_ptr task_of(const bound_call& call) {
  if (!call)
    throw std::invalid_argument(
      "a process has no call to run: make one with troupe::call(function, arguments...)");
  return detail::task_ptr(new detail::task_state(call.code(), call.arguments()));
}

// Each of those that wait gets one of its own, or is told that there is no memory for it.
outcome copy_of(const outcome& result) noexcept {
  try {
    return result;
  } catch (const std::bad_alloc&) {
    return outcome::failure(std::current_exception());
  }
}

void throw_failure(const detail::promise& done) {
  if (const auto error = done.error())
    std::rethrow_exception(error);
}

std::optional<int> exit_code_of(const child_exit& exit) {
  if (!exit.status_known)
    return std::nullopt;
  return exit.signal != 0 ? -exit.signal : exit.exit_code;
}

} // namespace

process_control::process_control(loop::event_loop& loop, launcher& with, process_registry& registry,
  exports& known, const bound_call& call, process_options options, failures its_failures)
  : loop_(loop)
  , registry_(registry)
  , options_(std::make_shared<const process_options>(checked(std::move(options))))
  , launch_(new detail::promise)
  , daemon_(options_->daemon)
  , call_(task_of(call))
  , child_(std::make_shared<single_process>(
      loop, with, known, static_cast<owner&>(*this), options_, call_, its_failures)) {}

process_control::~process_control() = default;

// -- starting, from any thread --------------------------------------------------------------------------

void process_control::begin_locked() {
  check_open();
  if (stage_ != stage::created)
    throw std::logic_error("cannot start process " + name() + " twice: make another one");
  registry_.add(shared_from_this());
  stage_ = stage::starting;
  base::surely([this] {
    boost::asio::post(loop_.io(), [self = shared_from_this()] { self->child_->launch(); });
  });
}

void process_control::start() {
  detail::check_may_block("process::start");
  {
    const std::lock_guard lock(mutex_);
    begin_locked();
  }
  launch_->wait();
  throw_failure(*launch_);
}

void process_control::start_then(const detail::promise_ptr& waiter) {
  const std::lock_guard lock(mutex_);
  begin_locked();
  start_waiters_.push_back(waiter);
}

// -- waiting and ending, from any thread ----------------------------------------------------------------

detail::task_ptr process_control::call_to_join() const {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ == stage::created)
    throw std::logic_error(
      "must start process before joining it: call start() of " + name() + " first");
  return call_;
}

void process_control::join() {
  const auto call = call_to_join();
  if (!call->done()) {
    detail::check_may_block("process::join");
    call->wait();
  }
  throw_failure(*call);
}

void process_control::join_until(std::chrono::steady_clock::time_point deadline) {
  const auto call = call_to_join();
  if (!call->done()) {
    detail::check_may_block("process::join_for");
    if (!call->wait_until(deadline))
      throw process_timeout(
        name() + " has not ended within the time that join_for was given, and goes on");
  }
  throw_failure(*call);
}

void process_control::end_then(const detail::promise_ptr& waiter) {
  outcome known;
  {
    const std::lock_guard lock(mutex_);
    check_open();
    if (stage_ == stage::created)
      begin_locked();
    if (is_underway()) {
      end_waiters_.push_back(waiter);
      return;
    }
    known = call_->result();
  }
  waiter->resolve(std::move(known));
}

void process_control::signal(int number, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ == stage::created)
    throw std::logic_error(
      "must start process before ending it: " + name() + " has not been started");
  if (is_underway())
    boost::asio::post(loop_.io(),
      [self = shared_from_this(), number, reason] { self->child_->signal(number, reason); });
}

void process_control::runtime_ends() {
  const std::lock_guard lock(mutex_);
  if (daemon_ && is_underway())
    base::surely([this] {
      boost::asio::post(loop_.io(), [self = shared_from_this()] { self->child_->terminate(); });
    });
}

void process_control::close() {
  const std::lock_guard lock(mutex_);
  if (is_underway())
    throw std::logic_error("cannot close " + name() + " while it runs: call join() first");
  stage_ = stage::closed;
  call_ = nullptr;
}

// -- what is known of it, from any thread ---------------------------------------------------------------

void process_control::check_open() const {
  if (stage_ == stage::closed)
    throw std::logic_error("process " + name() + " is closed: close() was its last use");
}

void process_control::check_not_closed() const {
  const std::lock_guard lock(mutex_);
  check_open();
}

bool process_control::is_alive() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return is_underway();
}

pid_t process_control::pid() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return pid_;
}

std::optional<int> process_control::exit_code() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return exit_code_;
}

bool process_control::daemon() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return daemon_;
}

void process_control::set_daemon(bool daemon) {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ != stage::created)
    throw std::logic_error("process has already started: whether " + name() +
                           " is daemonic must be said before start()");
  daemon_ = daemon;
}

detail::task_ptr process_control::completed_call() const {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ != stage::ended)
    throw std::logic_error(name() + " is not completed: join it before taking its result");
  return call_;
}

// -- what comes of it, on the loop's thread -------------------------------------------------------------

void process_control::launched(pid_t pid) {
  std::vector<detail::promise_ptr> waiters;
  {
    const std::lock_guard lock(mutex_);
    stage_ = stage::running;
    pid_ = pid;
    launch_->resolve(outcome::nothing());
    waiters.swap(start_waiters_);
  }
  for (const auto& waiter : waiters)
    waiter->resolve(outcome::nothing());
}

void process_control::ended(const child_exit& exit, outcome&& result) {
  std::vector<detail::promise_ptr> for_start;
  std::vector<detail::promise_ptr> for_end;
  {
    const std::lock_guard lock(mutex_);
    stage_ = stage::ended;
    pid_ = exit.pid;
    exit_code_ = exit_code_of(exit);
    for_start.swap(start_waiters_);
    for_end.swap(end_waiters_);
    if (!launch_->done())
      launch_->resolve(copy_of(result));
    call_->resolve(copy_of(result));
  }
  for (const auto* waiters : {&for_start, &for_end})
    for (const auto& waiter : *waiters)
      waiter->resolve(copy_of(result));
  registry_.remove(*this); // which may have been the last to keep it
}

} // namespace troupe::parent
