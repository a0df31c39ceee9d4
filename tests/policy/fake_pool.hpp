#pragma once

#include "policy/pool_machine.hpp"
#include "support/catch.hpp"

#include <troupe/detail/batch.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <csignal>

namespace troupe::test {

/// A child of a `fake_pool`: does what the test says, and nothing else.
class fake_child final : public policy::child_port {
public:
  using policy::child_port::time_point;

  struct cell {
    policy::task_key task{};
    detail::task_ptr what;
    std::optional<time_point> started;
    // Of a batch, by number of items:
    std::uint32_t items = 0;
    std::uint32_t claimed = 0;
    std::uint32_t told = 0;
    time_point begun{};
    policy::batch_progress finished{}; // and not told
  };

  std::uint32_t send(
    policy::task_key task, const detail::task_ptr& what, std::uint32_t attempt) override {
    if (refuses)
      throw std::bad_alloc();
    const auto index = next_cell++;
    cells[index] = {task, what, std::nullopt, what->items};
    attempts[what.get()] = attempt;
    return index;
  }
  bool take_back(std::uint32_t index) override {
    if (cells.at(index).started)
      return false;
    cells.erase(index);
    return true;
  }
  policy::batch_progress close_batch(std::uint32_t index) override {
    auto& batch = cells.at(index);
    batch.items = std::min(batch.items, batch.claimed);
    auto progress = std::exchange(batch.finished, {});
    progress.claimed = batch.claimed - std::exchange(batch.told, batch.told + progress.finished);
    return progress;
  }
  void request_stop(std::uint32_t index) override { asked_to_stop.push_back(index); }
  std::optional<time_point> started_at(std::uint32_t index) const override {
    return cells.at(index).started;
  }
  policy::task_key task_in(std::uint32_t index) const override {
    const auto found = cells.find(index);
    return found == cells.end() ? policy::task_key{} : found->second.task;
  }
  policy::tasks_in_child remaining() const override {
    policy::tasks_in_child result;
    for (const auto& [index, each] : cells)
      (each.started ? result.started : result.unstarted).push_back(each.task);
    result.culprit = culprit;
    result.in_transfer = in_transfer;
    return result;
  }
  void read() override {
    for (const auto& each : std::exchange(written, {}))
      each();
  }
  bool launched() const override { return is_launched; }
  policy::child_pulse pulse() const override { return shows; }
  pid_t thread_of(std::uint32_t) const override { return thread; }
  bool waits_for_child(std::uint32_t) const override { return thread == 0; }

  std::uint32_t cell_of(const detail::task_ptr& task) const {
    for (const auto& [index, each] : cells)
      if (each.what == task)
        return index;
    FAIL("the task is not in this child");
    return 0;
  }
  bool has(const detail::task_ptr& task) const {
    for (const auto& [index, each] : cells)
      if (each.what == task)
        return true;
    return false;
  }

  std::map<std::uint32_t, cell> cells;
  std::map<const detail::task_state*, std::uint32_t> attempts;
  std::vector<std::uint32_t> asked_to_stop;
  std::vector<std::function<void()>> written; // and not yet read
  std::optional<policy::task_key> culprit;
  std::optional<policy::task_key> in_transfer;
  policy::child_pulse shows{};
  pid_t thread = 7; // that executes whatever there is
  std::uint32_t next_cell = 0;
  bool is_launched = true;
  bool refuses = false; // what is sent
};

/// A `pool_machine` whose children and whose time belong to the test.
class fake_pool final : public policy::child_host {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  struct ended_child {
    std::uint32_t seat;
    ending how;
    std::string reason;
  };

  static policy::pool_machine::rules rules_of(std::size_t processes, std::size_t queues = 1) {
    policy::pool_machine::rules rules;
    rules.children.name = "test";
    rules.children.processes = processes;
    rules.children.queues = queues;
    return rules;
  }

  explicit fake_pool(policy::pool_machine::rules rules)
    : machine(std::move(rules), *this) {
    settle();
  }

  // -- what its user does ----------------------------------------------------------------------------

  detail::task_ptr submit(std::optional<task_options> options = std::nullopt,
    detail::call_kind kind = detail::call_kind::plain, std::uint32_t nesting = 0,
    std::uint32_t items = 0) {
    detail::task_ptr task(new detail::task_state(detail::call_code{{}, {}, kind}, {}));
    task->items = items;
    task->nesting = nesting;
    if (options)
      task->options = std::make_shared<const task_options>(std::move(*options));
    machine.submit(task, now);
    settle();
    return task;
  }
  void close() {
    machine.close();
    settle();
  }
  void settle() { machine.settle(now); }
  /// Time passes, and the pool is there.
  void wait(std::chrono::nanoseconds time) {
    const auto end = now + time;
    for (auto next = machine.next_alarm(); next && *next <= end; next = machine.next_alarm()) {
      now = std::max(now, *next);
      machine.alarm(now);
      settle();
    }
    now = end;
  }
  /// Time passes while the parent is stopped; then it goes on.
  void sleep(std::chrono::nanoseconds time) {
    now += time;
    if (const auto next = machine.next_alarm(); next && *next <= now)
      machine.alarm(now);
    settle();
  }

  // -- what children do ------------------------------------------------------------------------------

  fake_child& operator[](std::uint32_t seat) { return *children.at(seat); }
  void launch(std::uint32_t seat) {
    machine.child_launching(seat, now);
    settle();
  }
  /// After `is_launched` was false.
  void launched(std::uint32_t seat) {
    children.at(seat)->is_launched = true;
    machine.child_launched(seat);
    wait({});
  }
  void ready(std::uint32_t seat) {
    machine.child_ready(seat, now);
    settle();
  }
  void all_ready() {
    for (std::uint32_t seat = 0; seat < children.size(); ++seat)
      if (children[seat] &&
          machine.children().children()[seat].phase == policy::child_phase::starting)
        ready(seat);
  }
  void begin(std::uint32_t seat, const detail::task_ptr& task) {
    auto& child = *children.at(seat);
    child.cells.at(child.cell_of(task)).started = now;
  }
  /// Writes the outcome of a task, which the pool has not read yet.
  void write(std::uint32_t seat, const detail::task_ptr& task, bool threw = false,
    std::chrono::nanoseconds elapsed = std::chrono::microseconds(1)) {
    children.at(seat)->written.push_back([=, this] {
      auto& child = *children.at(seat);
      const auto index = child.cell_of(task);
      policy::child_outcome came;
      came.task = child.cells.at(index).task;
      came.kind = task->code.kind;
      came.threw = threw;
      came.elapsed = elapsed;
      came.began = child.cells.at(index).started.value_or(time_point{});
      child.cells.erase(index);
      machine.task_ended(seat, came, now);
    });
  }
  void finish(std::uint32_t seat, const detail::task_ptr& task, bool threw = false) {
    if (!(*this)[seat].started_at((*this)[seat].cell_of(task)))
      begin(seat, task);
    write(seat, task, threw);
    children.at(seat)->read();
    settle();
  }
  /// Begins the next item of a batch.
  void claim(std::uint32_t seat, const detail::task_ptr& batch) {
    auto& cell = cell_with(seat, batch);
    if (cell.claimed++ == 0)
      cell.begun = now;
    cell.started = now;
  }
  /// Ends the item that it has begun last.
  void end_item(std::uint32_t seat, const detail::task_ptr& batch, int value, bool threw = false) {
    auto& progress = cell_with(seat, batch).finished;
    const detail::record_head head(sizeof value, threw);
    progress.results.append(&head, sizeof head);
    progress.results.append(&value, sizeof value);
    ++progress.finished;
    progress.failed += threw ? 1 : 0;
  }
  /// The child runs no more of it.
  void end_batch(std::uint32_t seat, const detail::task_ptr& batch) {
    report_end(seat, batch);
    settle();
  }
  /// It has written that, which the pool has not read yet.
  void write_end(std::uint32_t seat, const detail::task_ptr& batch) {
    children.at(seat)->written.push_back([=, this] { report_end(seat, batch); });
  }
  void report_end(std::uint32_t seat, const detail::task_ptr& batch) {
    auto& child = *children.at(seat);
    const auto cell = child.cells.extract(child.cell_of(batch)).mapped();
    policy::child_outcome came;
    came.task = cell.task;
    came.payload = detail::view(cell.finished.results);
    came.items = cell.finished.finished;
    came.failed = cell.finished.failed;
    came.ran = cell.claimed;
    came.began = cell.begun;
    came.elapsed = now - cell.begun;
    machine.task_ended(seat, came, now);
  }
  fake_child::cell& cell_with(std::uint32_t seat, const detail::task_ptr& task) {
    auto& child = *children.at(seat);
    return child.cells.at(child.cell_of(task));
  }
  void die(std::uint32_t seat, const std::exception_ptr& start_error = nullptr) {
    children.at(seat)->read();
    child_exit exit;
    exit.pid = 1;
    exit.signal = SIGKILL;
    machine.child_down(seat, exit, start_error, now);
    children[seat].reset();
    settle();
  }
  /// ... of that task.
  void crash(std::uint32_t seat, const detail::task_ptr& culprit) {
    auto& child = *children.at(seat);
    child.culprit = child.cells.at(child.cell_of(culprit)).task;
    die(seat);
  }
  /// ... while it takes that task in.
  void choke(std::uint32_t seat, const detail::task_ptr& on) {
    auto& child = *children.at(seat);
    child.in_transfer = child.cells.at(child.cell_of(on)).task;
    die(seat);
  }

  /// Where a task is.
  std::optional<std::uint32_t> seat_of(const detail::task_ptr& task) const {
    for (std::uint32_t seat = 0; seat < children.size(); ++seat)
      if (children[seat] && children[seat]->has(task))
        return seat;
    return std::nullopt;
  }
  policy::child_phase phase_of(std::uint32_t seat) const {
    return machine.children().children()[seat].phase;
  }

  // -- policy::child_host ----------------------------------------------------------------------------

  std::exception_ptr start(std::uint32_t seat, const policy::child_record&) override {
    if (unprepared)
      return unprepared;
    if (seat >= children.size())
      children.resize(seat + 1);
    children[seat] = std::make_unique<fake_child>();
    ++starts;
    return nullptr;
  }
  policy::child_port& port(std::uint32_t seat) override { return *children.at(seat); }
  void take_position(std::uint32_t seat, const policy::child_record& child) override {
    promoted.emplace_back(seat, child.position);
  }
  void drain(std::uint32_t seat) override { drained.push_back(seat); }
  void end(std::uint32_t seat, ending how, const std::string& reason) override {
    ended.push_back({seat, how, reason});
  }
  void warn(std::uint32_t, const policy::child_record&, const std::string&) override {}
  void child_started(std::uint32_t, const policy::child_record&) override {}
  void child_ended(const child_exit&, bool) override {}
  void task_retried(const policy::retried_task&) override {}
  void run_ended(const policy::ended_run& run) noexcept override {
    runs.push_back(policy::described(run));
    seats_of_runs.push_back(run.seat);
  }
  void task_is_slow(const policy::slow_run& run) noexcept override {
    slow.push_back(policy::described(run));
    slow.back().thread = run.thread;
  }
  std::shared_ptr<const detail::late_stack> ask_stack(
    std::uint32_t seat, pid_t thread, task_id task) noexcept override {
    stacks_asked.emplace_back(seat, thread, task);
    return nullptr;
  }
  void failed(const std::exception_ptr& reason) override { failure = reason; }
  void made_room() override { ++room; }
  void all_down() override { ++all_down_calls; }

  time_point now{std::chrono::hours(1)};
  std::exception_ptr unprepared;
  std::vector<std::unique_ptr<fake_child>> children; // by seat
  std::size_t starts = 0;
  std::vector<std::pair<std::uint32_t, std::size_t>> promoted;
  std::vector<std::uint32_t> drained;
  std::vector<ended_child> ended;
  std::vector<troupe::task_slow> slow; // that were told,
  std::vector<std::tuple<std::uint32_t, pid_t, task_id>> stacks_asked;
  std::vector<troupe::task_ended> runs; // that were told
  std::vector<std::uint32_t> seats_of_runs;
  std::exception_ptr failure;
  int room = 0;
  int all_down_calls = 0;
  policy::pool_machine machine;
};

/// The type of a task's failure.
template <class Error>
bool failed_with(const detail::task_ptr& task) {
  try {
    if (task->done() && task->result().error)
      std::rethrow_exception(task->result().error);
  } catch (const Error&) {
    return true;
  } catch (...) {
  }
  return false;
}

inline bool has_value(const detail::task_ptr& task) {
  return task->done() && task->result().what == detail::outcome::kind::value;
}

} // namespace troupe::test
