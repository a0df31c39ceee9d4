#include "parent/process/single_process.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "parent/child/log.hpp"
#include "values/error_text.hpp"
#include "values/exception_codec.hpp"

#include <csignal>
#include <cstdlib>
#include <new>
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

std::string within(std::string_view what, std::chrono::milliseconds time) {
  return "it " + std::string(what) + " timeout of " + std::to_string(time.count()) + " ms";
}

std::string too_late(const process_options& options) {
  return within("was not ready within the start", options.start_timeout);
}

} // namespace

single_process::single_process(loop::event_loop& loop, launcher& with, exports& known, owner& told,
  std::shared_ptr<const process_options> options, detail::task_ptr call, failures its_failures)
  : loop_(loop)
  , launcher_(with)
  , exports_(known)
  , owner_(told)
  , options_(std::move(options))
  , failures_(its_failures)
  , call_(std::move(call)) {}

single_process::~single_process() = default;

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
      self->out_of_time(meant, reason);
    });
  } catch (const std::bad_alloc&) { // it must end even so
    if (child_)
      child_->kill("no memory left"); // needs none
  }
}

void single_process::out_of_time(phase meant, const std::string& reason) {
  if (meant == phase::starting) {
    // The child may have been ready for long when its launcher comes to say that it is there.
    overdue_ = !launched_;
    if (overdue_)
      return;
    // What the child has said in time counts, although nobody has looked at it until now.
    child_->tasks().read();
    if (phase_ != meant)
      return;
    start_timed_out_ = true;
  }
  child_->kill(reason);
}

void single_process::launch() {
  try {
    child_ = std::make_shared<child_process>(loop_, nullptr, child_process::listeners{*this, *this},
      only_seat, only_generation, size,
      common_settings(options_->name, options_->initializer, options_->finalizer), options_->input,
      child_output::make(options_->output, loop_.io(), options_->name, std::nullopt));
    child_->launch(launcher_, child_);
  } catch (...) {
    const auto cause = std::current_exception();
    child_.reset();
    child_exit none;
    none.status_known = false;
    finish(
      none, outcome::failure(values::start_failure(
              options_->name + " could not be prepared: " + values::message_of(cause), cause)));
  }
}

void single_process::child_launching(child_process&) {
  if (phase_ == phase::starting)
    kill_after(options_->start_timeout, [this] { return too_late(*options_); });
}

void single_process::child_launched(child_process& child) {
  launched_ = true;
  owner_.launched(child.pid());
  if (overdue_ && phase_ == phase::starting)
    out_of_time(phase::starting, too_late(*options_));
  if (early_signal_ != 0)
    child.signal(early_signal_, early_reason_);
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
  outcome_->payload = came.take_payload();
  phase_ = phase::leaving;
  child_->drain(came.threw ? EXIT_FAILURE : EXIT_SUCCESS);
  kill_after(options_->shutdown_timeout,
    [this] { return within("did not leave within the shutdown", options_->shutdown_timeout); });
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

void single_process::signal(int number, const std::string& reason) {
  asked_to_end_ = true;
  if (child_ && launched_) {
    child_->signal(number, reason);
  } else if (early_signal_ != SIGKILL) {
    early_signal_ = number;
    early_reason_ = reason;
  }
}

void single_process::terminate() {
  if (phase_ == phase::leaving)
    return; // by itself, or it is killed when its time is up
  phase_ = phase::leaving;
  std::string reason = "it is daemonic, and the runtime has ended";
  signal(SIGTERM, reason);
  kill_after(options_->shutdown_timeout, [&reason] { return std::move(reason); });
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

outcome single_process::outcome_after(const child_process& child) {
  if (const auto cause = child.start_error())
    return outcome::failure(values::start_failure(
      options_->name + " could not be started: " + values::describe(cause), cause));
  if (start_timed_out_)
    return outcome::failure(std::make_exception_ptr(start_failed(
      options_->name + " could not be started: its child (pid " + std::to_string(child.pid()) +
      ") " + child.exit().describe() + child.exit().last_words())));
  if (failures_ == failures::logged)
    return outcome::nothing();
  if (outcome_)
    return std::move(*outcome_);
  return outcome::failure(
    std::make_exception_ptr(child_lost(options_->name, only_task.id, child.exit())));
}

void single_process::log_end(const child_process& child) const {
  if (failures_ == failures::logged && outcome_ && outcome_->what == outcome::kind::threw)
    log()->error("{} (pid {}): its function threw {}", options_->name, child.pid(),
      values::describe(detail::decode_exception(detail::view(outcome_->payload))));
  if (!asked_to_end_ && !child.exit().reason.empty())
    log()->warn(
      "{} (pid {}) {}", options_->name, child.pid(), base::escape(child.exit().describe()));
}

void single_process::finish(const child_exit& exit, outcome&& result) {
  deadline_.reset();
  outcome_.reset();
  call_.reset();
  owner_.ended(exit, std::move(result));
}

} // namespace troupe::parent
