#include "parent/process/single_process.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "parent/child/log.hpp"
#include "values/error_text.hpp"
#include "values/exception_codec.hpp"
#include "values/option_rules.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace troupe::parent {

namespace {

using detail::outcome;

// There is one child, and it has one task.
constexpr std::uint32_t only_seat = 0;
constexpr std::uint32_t only_generation = 1;
constexpr link::link_size size{1, limits::small_ring_bytes};
constexpr policy::task_key only_task{0, 1};

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

std::string within(std::string_view what, std::chrono::milliseconds time) {
  return "it " + std::string(what) + " timeout of " + std::to_string(time.count()) + " ms";
}

outcome no_value() {
  outcome result;
  result.what = outcome::kind::value;
  return result;
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

single_process::single_process(loop::event_loop& loop, launcher& with, process_registry& registry,
  exports& known, const bound_call& call, process_options options, failures its_failures)
  : loop_(loop)
  , launcher_(with)
  , registry_(registry)
  , exports_(known)
  , options_(checked(std::move(options)))
  , failures_(its_failures)
  , daemon_(options_.daemon)
  , launch_(new detail::promise)
  , call_(task_of(call)) {}

single_process::~single_process() = default;

// -- starting, from any thread --------------------------------------------------------------------------

void single_process::begin_locked() {
  check_open();
  if (stage_ != stage::created)
    throw std::logic_error("cannot start process " + name() + " twice: make another one");
  registry_.add(shared_from_this());
  stage_ = stage::starting;
  boost::asio::post(loop_.io(), [self = shared_from_this()] { self->launch(); });
}

void single_process::start() {
  detail::check_may_block("process::start");
  {
    const std::lock_guard lock(mutex_);
    begin_locked();
  }
  launch_->wait();
  throw_failure(*launch_);
}

void single_process::start_then(const detail::promise_ptr& waiter) {
  const std::lock_guard lock(mutex_);
  begin_locked();
  start_waiters_.push_back(waiter);
}

// -- waiting and ending, from any thread ----------------------------------------------------------------

detail::task_ptr single_process::call_to_join() const {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ == stage::created)
    throw std::logic_error(
      "must start process before joining it: call start() of " + name() + " first");
  return call_;
}

void single_process::join() {
  const auto call = call_to_join();
  if (!call->done()) {
    detail::check_may_block("process::join");
    call->wait();
  }
  throw_failure(*call);
}

void single_process::join_until(std::chrono::steady_clock::time_point deadline) {
  const auto call = call_to_join();
  if (!call->done()) {
    detail::check_may_block("process::join_for");
    if (!call->wait_until(deadline))
      throw process_timeout(
        name() + " has not ended within the time that join_for was given, and goes on");
  }
  throw_failure(*call);
}

void single_process::end_then(const detail::promise_ptr& waiter) {
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

void single_process::signal(int number, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ == stage::created)
    throw std::logic_error(
      "must start process before ending it: " + name() + " has not been started");
  if (is_underway())
    boost::asio::post(loop_.io(),
      [self = shared_from_this(), number, reason] { self->send_signal(number, reason); });
}

void single_process::runtime_ends() {
  const std::lock_guard lock(mutex_);
  if (daemon_ && is_underway())
    boost::asio::post(loop_.io(), [self = shared_from_this()] { self->terminate_child(); });
}

void single_process::close() {
  const std::lock_guard lock(mutex_);
  if (is_underway())
    throw std::logic_error("cannot close " + name() + " while it runs: call join() first");
  stage_ = stage::closed;
  call_ = nullptr;
}

// -- what is known of it, from any thread ---------------------------------------------------------------

void single_process::check_open() const {
  if (stage_ == stage::closed)
    throw std::logic_error("process " + name() + " is closed: close() was its last use");
}

void single_process::check_not_closed() const {
  const std::lock_guard lock(mutex_);
  check_open();
}

bool single_process::is_alive() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return is_underway();
}

pid_t single_process::pid() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return pid_;
}

std::optional<int> single_process::exit_code() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return exit_code_;
}

bool single_process::daemon() const {
  const std::lock_guard lock(mutex_);
  check_open();
  return daemon_;
}

void single_process::set_daemon(bool daemon) {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ != stage::created)
    throw std::logic_error("process has already started: whether " + name() +
                           " is daemonic must be said before start()");
  daemon_ = daemon;
}

detail::task_ptr single_process::completed_call() const {
  const std::lock_guard lock(mutex_);
  check_open();
  if (stage_ != stage::ended)
    throw std::logic_error(name() + " is not completed: join it before taking its result");
  return call_;
}

// -- the child, on the loop's thread --------------------------------------------------------------------

link::child_settings single_process::settings() const {
  link::child_settings settings;
  settings.pool_name = options_.name;
  settings.initializer = link::wire_call::from(options_.initializer);
  settings.finalizer = link::wire_call::from(options_.finalizer);
  return settings;
}

template <class MakeReason>
void single_process::kill_after(std::chrono::milliseconds time, MakeReason make_reason) {
  try {
    deadline_.emplace(loop_.io(), time);
    deadline_->async_wait([weak = weak_from_this(), meant = phase_, reason = make_reason()](
                            const boost::system::error_code& error) {
      const auto self = weak.lock();
      // A timer that has just fired cannot be cancelled any more.
      if (error || !self || !self->child_ || self->phase_ != meant)
        return;
      self->start_timed_out_ = meant == phase::starting;
      self->child_->kill(reason);
    });
  } catch (const std::bad_alloc&) { // it must end even so
    if (child_)
      child_->kill({});
  }
}

void single_process::launch() {
  try {
    child_ = std::make_shared<child_process>(loop_, nullptr, child_process::listeners{*this, *this},
      only_seat, only_generation, size, settings(),
      child_output::make(options_.output, loop_.io(), name(), std::nullopt));
    child_->launch(launcher_, child_);
  } catch (...) {
    const auto cause = std::current_exception();
    child_.reset();
    child_exit none;
    none.status_known = false;
    finish(none, outcome::failure(values::start_failure(
                   name() + " could not be prepared: " + values::message_of(cause), cause)));
    return;
  }
  kill_after(options_.start_timeout,
    [this] { return within("was not ready within the start", options_.start_timeout); });
}

void single_process::child_launched(child_process& child) {
  std::vector<detail::promise_ptr> waiters;
  {
    const std::lock_guard lock(mutex_);
    stage_ = stage::running;
    pid_ = child.pid();
    launch_->resolve(no_value());
    waiters.swap(start_waiters_);
  }
  if (early_signal_ != 0)
    child.signal(early_signal_, early_reason_);
  for (const auto& waiter : waiters)
    waiter->resolve(no_value());
}

void single_process::child_ready(child_process& child) {
  if (phase_ != phase::starting)
    return; // told to leave meanwhile
  phase_ = phase::working;
  deadline_.reset();
  child.tasks().send(only_task, call_, 1);
}

void single_process::task_ended(std::uint32_t, const policy::child_outcome& came) {
  outcome_.emplace();
  outcome_->what = came.threw ? outcome::kind::threw : outcome::kind::value;
  outcome_->payload.assign(came.payload);
  phase_ = phase::leaving;
  child_->drain(came.threw ? EXIT_FAILURE : EXIT_SUCCESS);
  kill_after(options_.shutdown_timeout,
    [this] { return within("did not leave within the shutdown", options_.shutdown_timeout); });
}

void single_process::child_asked(
  child_process& child, const link::frame_header& header, std::span<const std::byte> payload) {
  if (!requests_)
    requests_ =
      std::make_shared<child_requests>(exports_, static_cast<child_requests::owner&>(*this), child);
  requests_->take(header, payload);
}

void single_process::child_withdrew(std::uint32_t, std::uint64_t request, bool started_too) {
  if (!requests_)
    throw link::protocol_violation("a request is withdrawn that has not been made");
  requests_->withdraw(request, started_too);
}

void single_process::child_exited(child_process&) {
  if (requests_)
    requests_->stop_popping();
}

void single_process::send_signal(int number, const std::string& reason) {
  asked_to_end_ = true;
  if (child_ && launch_->done()) {
    child_->signal(number, reason);
  } else if (early_signal_ != SIGKILL) {
    early_signal_ = number;
    early_reason_ = reason;
  }
}

void single_process::terminate_child() {
  if (phase_ == phase::leaving)
    return; // by itself, or it is killed when its time is up
  phase_ = phase::leaving;
  std::string reason = "it is daemonic, and the runtime has ended";
  send_signal(SIGTERM, reason);
  kill_after(options_.shutdown_timeout, [&reason] { return std::move(reason); });
}

// -- its end, on the loop's thread ----------------------------------------------------------------------

void single_process::child_down(child_process& child) {
  const auto self = shared_from_this();
  const auto keep = std::move(child_);
  outcome result;
  try {
    if (requests_)
      std::exchange(requests_, nullptr)->drop();
    result = outcome_after(child);
    if (result.what != outcome::kind::failed) // which is told by an exception
      log_end(child);
  } catch (const std::bad_alloc&) {
    result = outcome::failure(std::current_exception());
  }
  finish(child.exit(), std::move(result));
}

outcome single_process::outcome_after(const child_process& child) const {
  if (const auto cause = child.start_error())
    return outcome::failure(
      values::start_failure(name() + " could not be started: " + values::describe(cause), cause));
  if (start_timed_out_)
    return outcome::failure(std::make_exception_ptr(
      start_failed(name() + " could not be started: its child (pid " + std::to_string(child.pid()) +
                   ") " + child.exit().describe() + child.exit().last_words())));
  if (failures_ == failures::logged)
    return no_value();
  if (outcome_)
    return *outcome_;
  return outcome::failure(std::make_exception_ptr(child_lost(name(), only_task.id, child.exit())));
}

void single_process::log_end(const child_process& child) const {
  if (failures_ == failures::logged && outcome_ && outcome_->what == outcome::kind::threw)
    log()->error("{} (pid {}): its function threw {}", name(), child.pid(),
      values::describe(detail::decode_exception(detail::view(outcome_->payload))));
  if (!asked_to_end_ && !child.exit().reason.empty())
    log()->warn("{} (pid {}) {}", name(), child.pid(), base::escape(child.exit().describe()));
}

void single_process::finish(const child_exit& exit, outcome&& result) {
  deadline_.reset();
  outcome_.reset();
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
  registry_.remove(*this);
}

} // namespace troupe::parent
