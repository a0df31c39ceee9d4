#include <troupe/pool.hpp>

#include "api/runtime_state.hpp"
#include "base/forked_copy.hpp"
#include "loop/event_loop.hpp"
#include "parent/pool/pool_control.hpp"

#include <utility>

namespace troupe {

namespace {

parent::pool_control& control(const detail::pool_ref& pool) {
  return static_cast<parent::pool_control&>(*pool);
}

} // namespace

void detail::await_ready(const pool_ref& pool, const promise_ptr& waiter) {
  control(pool).await_ready(waiter);
}

std::size_t detail::slots_of(const pool_ref& pool) {
  return control(pool).slots();
}

pool::pool(runtime& rt, pool_options options)
  : control_(parent::pool_control::start(rt.state_->services(), std::move(options))) {}

pool::~pool() {
  if (base::is_forked_copy())
    return; // the pool is that of the process that was copied
  control(control_).terminate();
  if (loop::event_loop::current() == nullptr)
    control(control_).join_until(std::chrono::steady_clock::time_point::max());
}

void pool::close() {
  control(control_).close();
}

void pool::terminate() {
  control(control_).terminate();
}

void pool::join() {
  join_until(std::chrono::steady_clock::time_point::max());
}

bool pool::join_until(std::chrono::steady_clock::time_point deadline) {
  return control(control_).join_until(deadline);
}

pool_stats pool::stats() const {
  return control(control_).stats();
}

std::vector<running_task> pool::running_tasks() const {
  return control(control_).running_tasks();
}

pool_snapshot pool::snapshot() const {
  return control(control_).snapshot();
}

std::vector<thread_stack> pool::stack_of(std::size_t slot) const {
  return control(control_).stack_of(slot);
}

void pool::renew(const pool_options& now) {
  control(control_).renew(now);
}

void pool::recycle(std::size_t slot) {
  control(control_).recycle(slot);
}

void pool::resize(std::size_t processes) {
  control(control_).resize(processes);
}

const pool_options& pool::options() const noexcept {
  return control(control_).options();
}

caf::actor pool::spawn_hosted(actor_options options, typed_call<detail::hosted_id> start) const {
  return control(control_).spawn(std::move(start), std::move(options));
}

caf::actor pool::actor() const {
  return control(control_).actor();
}

void pool::check_open() const {
  control_->check_open();
}

} // namespace troupe
