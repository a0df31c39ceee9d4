#include <troupe/pool.hpp>

#include "api/runtime_state.hpp"
#include "loop/event_loop.hpp"
#include "parent/pool_control.hpp"

#include <utility>

namespace troupe {

pool::pool(runtime& rt, pool_options options)
  : control_(parent::pool_control::start(rt.state_->services(), std::move(options))) {}

pool::~pool() {
  control_->terminate();
  if (loop::event_loop::current() == nullptr)
    control_->join_until(std::chrono::steady_clock::time_point::max());
}

void pool::close() {
  control_->close();
}

void pool::terminate() {
  control_->terminate();
}

void pool::join() {
  join_until(std::chrono::steady_clock::time_point::max());
}

bool pool::join_until(std::chrono::steady_clock::time_point deadline) {
  return control_->join_until(deadline);
}

pool_stats pool::stats() const {
  return control_->stats();
}

const pool_options& pool::options() const noexcept {
  return control_->options();
}

caf::actor pool::spawn_hosted(
  actor_options options, typed_call<detail::hosted_id> start) const {
  return control_->spawn(std::move(start), std::move(options));
}

caf::actor pool::actor() const {
  return control_->actor();
}

void pool::check_open() const {
  control_->check_open();
}

namespace detail {

void submit_task(const pool_ref& pool, task_ptr task) {
  pool->submit(std::move(task));
}

void submit_tasks(const pool_ref& pool, std::vector<task_ptr> tasks) {
  pool->submit(std::move(tasks));
}

void cancel_task(const pool_ref& pool, const task_ptr& task, bool started_too) {
  pool->cancel(task, started_too);
}

std::chrono::nanoseconds average_time(const pool_ref& pool) {
  return pool->average_time();
}

} // namespace detail
} // namespace troupe
