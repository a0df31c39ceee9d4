#include "child/tasks/batch_run.hpp"
#include "child/tasks/invoke.hpp"
#include "child/tasks/running_task.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

// Blocking functions: how a task, or a batch, of them runs on a thread.
namespace troupe::child {

namespace {

// Marks in shared memory that the calling thread executes the function in a cell, so that after a crash it is known
// which ones could be the culprit.
class on_thread {
public:
  on_thread(link::cell_table cells, std::uint32_t cell) noexcept
    : cells_(cells)
    , cell_(cell) {
    cells_.executed_by(cell_, this_thread_number());
  }
  on_thread(const on_thread&) = delete;
  on_thread& operator=(const on_thread&) = delete;
  ~on_thread() { cells_.executed_by(cell_, 0); }

private:
  link::cell_table cells_;
  const std::uint32_t cell_;
};

} // namespace

/// The function of a task, or of one item of a batch after another, on one of the threads. The outcomes of items are
/// written there, as they are made. But what an item has asked the parent comes before its outcome, and goes by the
/// loop: so that item is the last one, and its outcome goes there, too. So does one of which the handler of the pool is
/// to be told, and one that finds no room.
struct worker_actor::running_function : running_task {
  running_function(
    worker_actor& by, accepted_call&& message, task_context told, clock::time_point start_time)
    : running_task(std::move(message), told, start_time)
    , worker(by)
    , now(start_time) {}

  // On its thread.
  void run();
  void execute(std::span<const std::byte> arguments);
  void run_items();
  // On the loop's, after that, or instead.
  void end();
  void fail(const std::exception_ptr& why);

  worker_actor& worker;
  bool threw = false;        // the result is a report
  std::exception_ptr thrown; // for the handler of the pool, if it has one
  clock::time_point now;     // of whoever runs the items
  std::optional<batch_run> items;
  std::uint32_t ended = 0; // the number of items
  bool is_told = true;     // the outcome of the last one
};

void worker_actor::running_function::execute(std::span<const std::byte> arguments) {
  const on_thread mark(worker.cells_, call.cell);
  thrown = invoke(call, arguments, result);
  threw = thrown != nullptr;
  if (threw)
    result = report(thrown, context);
  if (worker.settings_.exception_handler == nullptr)
    thrown = nullptr;
}

void worker_actor::running_function::run_items() {
  now = clock::now();
  items.emplace(worker, call, context, now);
  std::optional<std::uint32_t> item = 0;
  do {
    const auto posted = worker.requests_.posted();
    result.clear();
    execute(items->begin(*item));
    ++ended;
    worker.stops_.forget(call.cell);
    const bool has_asked = worker.requests_.posted() != posted;
    is_told = !has_asked && !thrown && items->try_add(result, threw);
    item = is_told && items->has_time() ? items->claim() : std::nullopt;
  } while (item);
}

void worker_actor::running_function::run() {
  const as_current_task current(&context);
  if (call.items > 0)
    run_items();
  else
    execute(detail::view(call.arguments));
}

void worker_actor::running_function::end() {
  if (thrown)
    worker.handle(thrown, context);
  if (!items) {
    worker.publish(call, threw, std::move(result), started);
    worker.admission_.finished();
    return;
  }
  worker.leave_cell(call.cell, ended);
  if (!is_told)
    items->add_last(result, threw);
  items->end(!is_told);
}

// The task, or the item that has been claimed.
void worker_actor::running_function::fail(const std::exception_ptr& why) {
  threw = true;
  thrown = why;
  result = report(why, context);
  if (call.items > 0) {
    items.emplace(worker, call, context, now).begin(0);
    ended = 1;
    is_told = false;
  }
  end();
}

void worker_actor::start_blocking(accepted_call& call) {
  link_.channel().share();
  const auto context = context_of(call);
  const auto task = std::make_shared<running_function>(*this, std::move(call), context, now_);
  try {
    threads_.run([this, task] {
      task->run();
      requests_.post_outcome([task] { task->end(); });
    });
  } catch (const std::exception&) { // no thread can be made
    task->fail(std::current_exception());
  }
}

} // namespace troupe::child
