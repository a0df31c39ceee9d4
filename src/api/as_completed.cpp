#include <troupe/as_completed.hpp>
#include <troupe/detail/async_wait.hpp>

#include "api/completion_list.hpp"

#include <chrono>
#include <unordered_map>

namespace troupe {

namespace detail {

struct completion_order::state {
  const std::shared_ptr<completion_list> done = std::make_shared<completion_list>();
  std::unordered_map<promise*, std::vector<std::size_t>> indices; // of the tasks that are left
  std::vector<std::size_t> again; // further indices of one that is done
  std::vector<task_ptr> tasks;
  pool_ref pool; // of the first: any can wait
};

completion_order::completion_order()
  : state_(std::make_unique<state>()) {}

completion_order::~completion_order() {
  for (const auto& [task, left] : state_->indices)
    task->unwatch();
}

void completion_order::add(const task_ptr& task, const pool_ref& pool) {
  const auto index = state_->tasks.size();
  state_->tasks.push_back(task);
  if (!state_->pool)
    state_->pool = pool;
  auto& indices = state_->indices[task.get()];
  indices.push_back(index);
  if (indices.size() == 1)
    task->watch(state_->done);
}

bool completion_order::expects_more() const noexcept {
  return !state_->indices.empty() || !state_->again.empty();
}

bool completion_order::ready() const {
  return !state_->again.empty() || !state_->done->empty();
}

std::size_t completion_order::take() {
  auto& again = state_->again;
  if (again.empty())
    again = std::move(state_->indices.extract(state_->done->take().get()).mapped());
  const auto index = again.back();
  again.pop_back();
  return index;
}

void completion_order::wait() {
  if (!ready())
    wait_for_task(state_->pool, *next_completion(), std::chrono::steady_clock::time_point::max(),
      "troupe::as_completed");
}

promise_ptr completion_order::next_completion() {
  return state_->done->next_completion();
}

std::shared_ptr<void> completion_order::lend() {
  return state_->pool->lend();
}

} // namespace detail

boost::asio::awaitable<std::optional<std::size_t>> as_completed::next() {
  if (!order_.expects_more())
    co_return std::nullopt;
  if (!order_.ready()) {
    detail::resolution ready(order_.next_completion());
    const auto lent = order_.lend();
    co_await std::move(ready);
  }
  co_return order_.take();
}

std::optional<std::size_t> as_completed::next_blocking() {
  if (!order_.expects_more())
    return std::nullopt;
  order_.wait();
  return order_.take();
}

} // namespace troupe
