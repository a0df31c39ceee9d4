#include <troupe/process.hpp>

#include "api/runtime_state.hpp"
#include "base/forked_copy.hpp"
#include "parent/process/process_control.hpp"

#include <csignal>
#include <utility>

namespace troupe {

process::process(runtime& rt, bound_call call, process_options options)
  : process(rt, std::move(call), std::move(options), failures::logged) {}

process::process(runtime& rt, bound_call call, process_options options, failures its_failures)
  : self_(std::make_shared<parent::process_control>(rt.state_->loop,
      rt.state_->children[get_start_method()], rt.state_->processes, rt.state_->exported, call,
      std::move(options),
      its_failures == failures::thrown ? parent::process_control::failures::thrown
                                       : parent::process_control::failures::logged)) {}

void process::start() {
  base::check_not_forked_copy("process::start");
  self_->start();
}

void process::join() {
  self_->join();
}

void process::join_until(std::chrono::steady_clock::time_point deadline) {
  self_->join_until(deadline);
}

void process::terminate() {
  base::check_not_forked_copy("process::terminate");
  self_->signal(SIGTERM, "terminate() was called");
}

void process::kill() {
  base::check_not_forked_copy("process::kill");
  self_->signal(SIGKILL, "kill() was called");
}

void process::close() {
  self_->close();
}

bool process::is_alive() const {
  return self_->is_alive();
}

pid_t process::pid() const {
  return self_->pid();
}

std::optional<int> process::exit_code() const {
  return self_->exit_code();
}

const std::string& process::name() const {
  self_->check_not_closed();
  return self_->name();
}

bool process::daemon() const {
  return self_->daemon();
}

void process::set_daemon(bool daemon) {
  self_->set_daemon(daemon);
}

namespace detail {

void start_process(const process_ref& process, const promise_ptr& waiter) noexcept {
  try {
    process->start_then(waiter);
  } catch (...) {
    waiter->resolve(outcome::failure(std::current_exception()));
  }
}

void await_process(const process_ref& process, const promise_ptr& waiter) noexcept {
  try {
    process->end_then(waiter);
  } catch (...) {
    waiter->resolve(outcome::failure(std::current_exception()));
  }
}

promise_ptr completed_call(const process_ref& process) {
  return process->completed_call();
}

} // namespace detail
} // namespace troupe
