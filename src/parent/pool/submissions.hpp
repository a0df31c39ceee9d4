#pragma once

#include <troupe/detail/task_state.hpp>
#include <troupe/errors.hpp>

#include <atomic>

namespace troupe::parent {

/// Tasks on their way from any thread to the pool actor: a stack to which one may add without a lock, and
/// which is emptied as a whole (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986;
/// since nothing is popped one by one, it knows no ABA problem). So a burst of submissions costs the
/// pool actor one message.
class submissions {
public:
  submissions() = default;
  submissions(const submissions&) = delete;
  submissions& operator=(const submissions&) = delete;
  ~submissions() {
    take_all([](detail::task_ptr) {});
  }

  /// Adds a task. True if there was none: then the pool actor must be told. After `close`, fails the task
  /// with `pool_closed`.
  bool add(detail::task_ptr task) noexcept {
    auto* const added = task.detach();
    return push(added, added);
  }

  /// Adds tasks in their order, from `first` to `last`, of which each is taken. True as above.
  bool add(detail::task_ptr* first, detail::task_ptr* last) noexcept {
    detail::task_state* newest = nullptr;
    detail::task_state* const oldest = first->get();
    for (; first != last; ++first) {
      auto* const task = first->detach();
      task->next_submitted = newest;
      newest = task;
    }
    return push(newest, oldest);
  }

  /// Hands all of them to `use(task_ptr)`, in the order of their addition.
  template <class Use>
  void take_all(Use use) {
    if (top_.load(std::memory_order_relaxed) != closed())
      hand_out(top_.exchange(nullptr, std::memory_order_acquire), use);
  }

  /// The pool actor has ended: fails what is there with `pool_closed`, and whatever comes after it.
  void close() { hand_out(top_.exchange(closed(), std::memory_order_acquire), fail); }

private:
  // What stands at the top after `close`; no task.
  detail::task_state* closed() noexcept { return reinterpret_cast<detail::task_state*>(this); }

  static void fail(const detail::task_ptr& task) {
    task->resolve(detail::outcome::failure(std::make_exception_ptr(pool_closed("pool is closed"))));
  }

  template <class Use>
  static void hand_out(detail::task_state* newest, Use use) {
    detail::task_state* oldest = nullptr;
    while (newest != nullptr) {
      auto* next = newest->next_submitted;
      newest->next_submitted = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      auto* next = oldest->next_submitted;
      use(detail::task_ptr::adopt(oldest));
      oldest = next;
    }
  }

  // `oldest` is reached from `newest`.
  bool push(detail::task_state* newest, detail::task_state* oldest) noexcept {
    auto* top = top_.load(std::memory_order_relaxed);
    do {
      if (top == closed()) {
        oldest->next_submitted = nullptr;
        hand_out(newest, fail);
        return false;
      }
      oldest->next_submitted = top;
    } while (!top_.compare_exchange_weak(
      top, newest, std::memory_order_release, std::memory_order_relaxed));
    return top == nullptr;
  }

  std::atomic<detail::task_state*> top_ = nullptr;
};

} // namespace troupe::parent
