#pragma once

#include <troupe/detail/task_state.hpp>

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

  /// Adds a task. True if there was none: then the pool actor must be told.
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
    auto* newest = top_.exchange(nullptr, std::memory_order_acquire);
    detail::task_state* oldest = nullptr;
    while (newest != nullptr) {
      auto* next = newest->next_submitted;
      newest->next_submitted = oldest;
      oldest = newest;
      newest = next;
    }
    while (oldest != nullptr) {
      auto* next = oldest->next_submitted;
      use(detail::task_ptr(oldest, false));
      oldest = next;
    }
  }

private:
  // `oldest` is reached from `newest`.
  bool push(detail::task_state* newest, detail::task_state* oldest) noexcept {
    auto* top = top_.load(std::memory_order_relaxed);
    do
      oldest->next_submitted = top;
    while (!top_.compare_exchange_weak(
      top, newest, std::memory_order_release, std::memory_order_relaxed));
    return top == nullptr;
  }

  std::atomic<detail::task_state*> top_ = nullptr;
};

} // namespace troupe::parent
