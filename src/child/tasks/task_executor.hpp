#pragma once

#include "child/runtime/copies.hpp"
#include "child/tasks/task_context.hpp"
#include "child/tasks/throw_recorder.hpp"

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/is_executor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe::child {

/// Marks in shared memory which task is on the CPU, so that after a crash the culprit is known.
class on_cpu {
public:
  on_cpu(std::atomic<std::uint64_t>& current, std::uint64_t cell_plus_1) noexcept
    : current_(current)
    , outer_(current.load(std::memory_order_relaxed)) {
    current_.store(cell_plus_1, std::memory_order_release);
  }
  on_cpu(const on_cpu&) = delete;
  on_cpu& operator=(const on_cpu&) = delete;
  ~on_cpu() { current_.store(outer_, std::memory_order_release); }

private:
  std::atomic<std::uint64_t>& current_;
  std::uint64_t outer_;
};

/// The task that a coroutine's executor belongs to. Outlives the task where the coroutine left objects
/// behind that hold its executor; then `context` is null.
struct task_scope {
  std::atomic<std::uint64_t>& current;
  const task_context* context;
  /// Its first step is executed at once, by whoever starts it: what is claimed has begun, and what another task does to the
  /// process meanwhile loses none that has not.
  bool begins = true;

  std::uint64_t cell_plus_1() const noexcept {
    return context == nullptr ? 0 : std::uint64_t{context->cell} + 1;
  }
};

/// The executor that a coroutine task runs on: the loop's, with everything that it executes marked as
/// that task's. Asio resumes a coroutine through its executor, so this sees each of its steps.
/// Modelled on how `asio::strand` wraps an executor.
template <class Inner>
class task_executor {
public:
  task_executor(const Inner& inner, std::shared_ptr<task_scope> scope) noexcept
    : inner_(inner)
    , scope_(std::move(scope)) {}

  template <class Property>
  requires boost::asio::can_query<const Inner&, Property>::value decltype(auto) query(
    const Property& property) const {
    return boost::asio::query(inner_, property);
  }
  template <class Property>
  requires boost::asio::can_require<const Inner&, Property>::value auto require(
    const Property& property) const {
    return wrap(boost::asio::require(inner_, property));
  }
  template <class Property>
  requires boost::asio::can_prefer<const Inner&, Property>::value auto prefer(
    const Property& property) const {
    return wrap(boost::asio::prefer(inner_, property));
  }

  template <class Function>
  void execute(Function&& function) const {
    auto marked = [scope = scope_, step = std::forward<Function>(function)]() mutable {
      const on_cpu mark(scope->current, scope->cell_plus_1());
      const as_current_task current(scope->context);
      const record_throws recording;
      std::move(step)();
      end_copy();
    };
    if (scope_->begins) { // other threads know the executor later, and only read this
      scope_->begins = false;
      marked();
    } else {
      boost::asio::execution::execute(inner_, std::move(marked));
    }
  }

  friend bool operator==(const task_executor& a, const task_executor& b) noexcept {
    return a.inner_ == b.inner_ && a.scope_ == b.scope_;
  }
  friend bool operator!=(const task_executor& a, const task_executor& b) noexcept {
    return !(a == b);
  }

private:
  template <class Other>
  auto wrap(Other&& inner) const {
    return task_executor<std::decay_t<Other>>(std::forward<Other>(inner), scope_);
  }

  Inner inner_;
  std::shared_ptr<task_scope> scope_;
};

} // namespace troupe::child
