#pragma once

#include "policy/admission.hpp"
#include "policy/cell_book.hpp"
#include "policy/pool_machine.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// A pool without processes: the machine's real rules, and a model of everything around it. Time is virtual,
// whatever may happen is drawn from one seed, and after each event the rules of the house are checked.
namespace troupe::simulation {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using std::chrono::nanoseconds;
using kind = detail::call_kind;
using policy::task_key;

class world;

/// Of one world, the nested ones included.
inline constexpr std::uint32_t max_tasks = 120;

/// How an attempt of a task ends, if nothing else ends it.
enum class end_of_attempt : std::uint8_t { value, throws, crash };

/// What a task does in one attempt.
struct script {
  nanoseconds first{};      ///< until it submits its nested tasks, or ends
  nanoseconds second{};     ///< from their end to its own
  std::uint32_t nested = 0; ///< the number of tasks that it submits and waits for
  end_of_attempt how = end_of_attempt::value;
  bool obeys = true; ///< ends soon when it is asked to stop
};

/// What a task is like.
enum class temper : std::uint8_t { steady, throws, flaky, crashes, endless, poison };

/// A task, or an item of a batch, and what the world has seen of it.
struct task_record {
  detail::task_ptr state; // of a batch, that of all its items, before it is divided
  bool in_batch = false;
  bool is_first = true;                        // of its batch
  std::uint32_t batch_size = 0;                // of the first one
  std::shared_ptr<const task_options> options; // which the task itself has until it is resolved
  kind task_kind = kind::plain;
  temper is = temper::steady;
  std::uint32_t nesting = 0;

  bool submitted = false;
  bool resolved = false;
  bool cancelled = false; // its user, or the end of the pool, has asked for it
  bool scheduled = false; // the scheduler has given it a queue,
  bool left = false;      // and was told of its end
  bool sent = false;      // has been in a child
  std::size_t queue = 0;
  time_point submitted_at{};

  bool in_cell = false; // in the parent's eyes it is in a child: in which,
  std::uint32_t seat = 0;
  std::uint32_t cell = 0; // and in which cell
  bool running = false;   // claimed in a living child, and not finished
  std::uint32_t starts = 0;
  time_point started_at{};
  std::optional<time_point> written_at; // the outcome of the latest attempt
  end_of_attempt written = end_of_attempt::value;
  bool for_slot = false;    // which is chosen when it is submitted
  bool was_culprit = false; // the latest attempt ended with its child, and it is known to be guilty
  std::uint32_t failed_deliveries = 0;
  time_point may_wait_until{}; // a retry has a delay

  // Of a nested one: whom its outcome goes to.
  std::uint32_t asker_seat = 0;
  std::uint64_t asker_life = 0;
  std::uint32_t asker_cell = 0;
  std::uint64_t asker_start = 0;
};

enum class event_kind : std::uint8_t {
  submit,
  cancel,
  close,
  terminate,
  fail,
  resize,
  recycle,
  renew,
  pause, // of the parent, as if it were stopped
  launching,
  launched,
  read,
  down,
  kill,
  stop,
  go_on,
  deafen,
  prepared,
  fail_start,
  turn,
  step,
  leave,
  term,
};

struct event {
  time_point when{};
  std::uint64_t number = 0;
  event_kind what{};
  std::uint32_t a = 0; // a task, or a seat
  std::uint32_t b = 0; // a cell, or a choice
  std::uint64_t life = 0;
  std::uint64_t ticket = 0;

  bool operator<(const event& other) const noexcept {
    return when != other.when ? when > other.when : number > other.number;
  }
};

/// A child as a process and a link make it: what is written and not yet read, what is taken in and not yet
/// begun, what runs.
class child final : public policy::child_port {
public:
  child(world& where, std::uint32_t seat, std::size_t position, std::size_t concurrency);

  // -- what the parent does --------------------------------------------------------------------------

  std::uint32_t send(task_key task, const detail::task_ptr& what, std::uint32_t attempt) override;
  bool take_back(std::uint32_t index) override;
  policy::batch_progress close_batch(std::uint32_t index) override;
  void request_stop(std::uint32_t index) override;
  bool waits_for_child(std::uint32_t index) const override { return cells_[index].over; }
  std::optional<time_point> started_at(std::uint32_t index) const override;
  task_key task_in(std::uint32_t index) const override { return book_.at(index); }
  policy::tasks_in_child remaining() const override;
  void read() override;
  bool launched() const override { return is_launched; }
  policy::child_pulse pulse() const override;

  void answer(std::uint32_t index, std::uint64_t start);

  // -- what happens to it ----------------------------------------------------------------------------

  void happen(const event& what);
  void die(std::optional<task_key> culprit, bool blameless, int signal);
  void poke(); // something waits for its loop
  void go_on();
  void become_known(); // its launcher has told which process it is

  world& world_;
  const std::uint32_t seat_;
  const std::uint64_t life_;
  std::size_t position_;

  bool alive = true;
  bool stopped = false;
  bool deaf = false;                      // takes in nothing more
  time_point ready_since{};               // it takes tasks, or waits as a spare
  std::optional<nanoseconds> stuck_since; // in the time of the parent, without its pauses
  bool draining = false;
  bool ignores_term = false;
  bool hangs_at_exit = false;
  bool ended_by_pool = false;
  bool read_pending = false;
  time_point debugged_until{};
  std::optional<time_point> launched_at; // that it has begun
  bool is_launched = false;              // the parent knows the process
  std::optional<time_point> ready_written;
  std::optional<time_point> drained_at;
  std::exception_ptr start_error;
  child_exit exit;
  std::uint32_t sent_tasks = 0;
  std::optional<time_point> hostages_since;

  std::size_t used() const noexcept { return book_.used(); }
  /// Whether tasks wait behind a plain function that keeps its CPU.
  bool holds_hostages() const;

private:
  friend class world;

  enum class cell_state : std::uint8_t { free, sent, taken_in, claimed, done };
  struct place {
    cell_state now = cell_state::free;
    task_key key{};
    std::uint32_t task = 0;
    kind task_kind{};
    time_point started{};
    std::uint64_t start = 0;
    std::uint64_t ticket = 0;
    std::uint32_t waits_for = 0;
    std::uint8_t part = 0;
    bool lent = false;
    bool asked_to_stop = false;
    script does{};
    // Of a batch, by number of items; `task` is the one that has been claimed last.
    std::uint32_t first_task = 0;
    std::uint32_t items = 0; // 0: a task of its own
    std::uint32_t claimed = 0;
    std::uint32_t finished = 0;
    std::uint32_t told = 0; // of those that have finished
    bool closed = false;
    bool lingers =
      false; // the item that runs is a coroutine, and waits; or its outcome went by the loop
    bool over = false; // all items that a thread has begun are finished
    time_point begun{};
    bool is_poison = false;
    std::vector<bool> threw;               // by item, of those that have finished
    std::vector<std::uint32_t> attempts{}; // likewise

    std::uint32_t size() const noexcept { return items == 0 ? 1 : items; }
  };
  struct call {
    std::uint32_t cell = 0;
    task_key key{};
  };
  struct frame { // to the child
    bool is_answer = false;
    std::uint32_t cell = 0;
    task_key key{};
    std::uint64_t start = 0;
    bool is_poison = false;
  };
  enum class said : std::uint8_t { ready, outcome, lent, reclaimed, submits, lingers };
  struct message { // to the parent
    said what{};
    std::uint32_t cell = 0;
    task_key key{};
    std::uint64_t start = 0;
    bool threw = false;
    nanoseconds elapsed{};
    time_point written{};
  };

  void turn();
  void take_in();
  void resume_waiting();
  void start_tasks();
  void begin(std::uint32_t index);
  void step(std::uint32_t index);
  void advance(std::uint32_t index);
  void wait_for_nested(std::uint32_t index);
  void end_wait(std::uint32_t index);
  void finish(std::uint32_t index);
  void finish_item(std::uint32_t index);
  void finish_on_thread(std::uint32_t index);
  void end(std::uint32_t index);
  void begin_item(std::uint32_t index);
  bool keeps_cpu(const place& cell) const noexcept {
    return cell.task_kind == kind::plain ||
           (cell.task_kind == kind::coroutine && cell.items > 0 && !cell.lingers);
  }
  bool goes_on(const place& cell);
  void report_outcome(const message& what);
  policy::batch_progress progress_of(place& cell);
  void stop_task(std::uint32_t index);
  void say(message what);
  policy::lent_place place_of(const message& what) const;
  void report(const message& what);
  bool may_leave() const noexcept;

  policy::cell_book book_;
  std::vector<place> cells_;
  std::deque<frame> ring_;
  std::vector<message> written_;
  policy::admission<call> inbox_;
  std::optional<std::uint32_t> on_cpu_;
  std::vector<std::uint32_t> stack_;      // plain functions that wait, beneath what runs
  std::vector<std::uint32_t> wants_loop_; // coroutines and blocking functions that can go on
  std::vector<std::uint32_t> to_stop_;
  std::uint64_t starts_ = 0;
  bool turn_pending_ = false;
  bool leaving_ = false;
  std::vector<event> deferred_; // while it is stopped
  std::optional<task_key> culprit_;
  std::optional<task_key> in_transfer_;
  bool blameless_ = false;
};

/// What has happened, in all seeds: a simulation in which it never does would prove nothing.
struct coverage {
  std::uint64_t values = 0, throws = 0, lost = 0, timeouts = 0, expired = 0, cancelled = 0,
                rejected = 0, undeliverable = 0, retried = 0, restarted = 0, taken_back = 0,
                nested = 0, lent = 0, promoted = 0, gave_up = 0, stuck_ended = 0, did_not_stop = 0,
                did_not_leave = 0, start_timeouts = 0, failed_starts = 0, scheduler_failures = 0,
                send_failures = 0, moved = 0, pauses = 0, drained = 0, grown = 0, shrunk = 0,
                renewed = 0, recycled = 0, grown_old = 0, for_slots = 0, slots_gone = 0,
                batches = 0, divided = 0, halved = 0, lingered = 0, on_threads = 0, events = 0;
};

/// One life of a pool.
class world final : public policy::child_host {
public:
  world(std::uint64_t seed, coverage& seen);
  ~world();

  /// Until nothing happens any more. What is wrong, or nothing.
  std::optional<std::string> run();

private:
  friend class child;

  // -- policy::child_host ----------------------------------------------------------------------------

  std::exception_ptr start(std::uint32_t seat, const policy::child_record& record) override;
  policy::child_port& port(std::uint32_t seat) override { return *children_[seat]; }
  void take_position(std::uint32_t seat, const policy::child_record& record) override;
  void drain(std::uint32_t seat) override;
  void end(std::uint32_t seat, policy::child_host::ending how, const std::string& reason) override;
  void warn(std::uint32_t, const policy::child_record&, const std::string&) override {}
  void child_started(std::uint32_t seat, const policy::child_record&) override;
  void child_ended(const child_exit&, bool) override {}
  void task_retried(const policy::retried_task&) override {}
  void run_ended(const policy::ended_run& run) noexcept override;
  void failed(const std::exception_ptr& reason) override;
  void made_room() override { ++made_room_; }
  void all_down() override;

  // -- scheduler -------------------------------------------------------------------------------------

  struct for_machine; // what the machine owns passes on to these
  queue_id schedule_task(task_id id);
  void left(task_id id);

  // -- what happens ----------------------------------------------------------------------------------

  void plan();
  policy::pool_machine::rules make_rules();
  std::uint32_t make_task(std::uint32_t nesting);
  std::uint32_t make_batch(std::uint32_t items);
  script make_script(const task_record& task);
  nanoseconds length();
  nanoseconds latency() { return nanoseconds(1'000 + random_.below(30'000)); }
  void at(time_point when, event_kind what, std::uint32_t a = 0, std::uint32_t b = 0,
    std::uint64_t life = 0, std::uint64_t ticket = 0);
  void handle(const event& what);
  void handle_user(const event& what);
  void strike(const event& what);
  bool is_decisive(const policy::tasks_in_child& tasks);
  void child_down(child& gone);
  void submit(std::uint32_t index);
  void submit_nested(child& asker, std::uint32_t cell, std::uint64_t start);
  void cancel(std::uint32_t index, bool started_too);
  void close();
  void resize(std::size_t slots);
  void recycle(std::uint32_t seat);
  void terminate();
  child* find(std::uint32_t seat, std::uint64_t life);
  void bell(child& from);
  nanoseconds awake() const noexcept { return now_.time_since_epoch() - paused_; }
  task_record& record(task_key key) { return tasks_[index_of_id_[key.id]]; }
  void remember(task_id id, std::uint32_t index) {
    index_of_id_.resize(std::max<std::size_t>(index_of_id_.size(), id + 1));
    index_of_id_[id] = index;
  }
  /// The part of its batch that an item belongs to now.
  const detail::task_state& part_of(std::uint32_t index) const;

  // -- what is checked -------------------------------------------------------------------------------

  void task_sent(child& to, task_key key, const detail::task_ptr& what, std::uint32_t attempt);
  void task_claimed(child& in, std::uint32_t index);
  void check_after_event();
  void check_item_sent(child& to, task_key key, std::uint32_t index, std::uint32_t attempt);
  void check_resolved(std::uint32_t index);
  void check_failure(const task_record& task, const std::exception_ptr& error);
  void check_counts();
  void check_children();
  void check_times();
  void check_ages();
  void check_positions();
  void check_waiting();
  void check_waiting_for(const task_record& task);
  void check_hostages();
  void check_end();
  bool is_able(std::uint32_t seat) const;
  bool may_serve(std::uint32_t seat) const;
  void check(bool holds, const char* rule, std::uint64_t a = 0, std::uint64_t b = 0) {
    if (!holds && violation_.empty())
      violate(rule, a, b);
  }
  void violate(const char* rule, std::uint64_t a, std::uint64_t b);
  void note(const char* what, std::uint64_t a = 0, std::uint64_t b = 0) {
    trace_[traced_++ % trace_.size()] = {now_, what, a, b};
  }
  std::string describe() const;
  std::string trace() const;

  struct traced {
    time_point when{};
    const char* what = nullptr;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
  };

  test::random_source random_;
  coverage& seen_;
  time_point now_{std::chrono::hours(1)};
  std::vector<event> events_; // a heap
  std::uint64_t events_made_ = 0;
  std::uint64_t lives_ = 0;
  std::uint64_t tickets_ = 0;
  time_point paused_until_{};
  bool pauses_ = false;
  time_point last_user_event_{};
  nanoseconds paused_{0}; // in all

  // What this world is like.
  std::size_t crashes_ = 0, strikes_ = 0, bad_starts_ = 0, nests_ = 0, long_tasks_ = 0;
  bool bad_scheduler_ = false;
  bool may_move_ = false;
  bool sends_fail_ = false;
  bool children_lie_ = false;

  // A pool that has ended before it is told to fail does not give up any more, but its tasks get the reason.
  bool has_failed() const noexcept { return gave_up_ || told_to_fail_; }

  std::vector<task_record> tasks_;
  std::vector<std::uint32_t> open_; // of tasks_: submitted, and not seen resolved
  std::vector<std::uint32_t> index_of_id_{0};
  std::uint32_t being_submitted_ = 0;
  std::vector<std::unique_ptr<child>> children_; // by seat
  policy::pool_machine::rules rules_;
  std::unique_ptr<policy::pool_machine> machine_;

  std::uint64_t submitted_ = 0, rejected_ = 0, rooms_ = 0, made_room_ = 0, ready_children_ = 0;
  std::uint64_t told_ = 0, told_failed_ = 0; // of tasks that have ended for good
  std::uint64_t own_deaths_ = 0, failed_starts_ = 0;
  bool closed_ = false, terminated_ = false, told_to_fail_ = false, gave_up_ = false;
  bool had_ready_ = false;
  bool had_spare_ = false;
  bool failing_spare_ = false; // an initializer has thrown in the spare that is going down
  std::optional<time_point> without_ready_since_;
  std::uint32_t renewed_ = 0; // children up to this generation are outdated
  int all_down_ = 0;
  std::vector<time_point> not_before_;   // by position
  std::vector<time_point> vacant_until_; // at the latest
  std::vector<std::size_t> waiting_;     // by queue, for one check
  std::vector<std::optional<time_point>>
    waits_since_; // by queue: tasks, while one of its children is idle

  std::array<traced, 100> trace_{};
  std::size_t traced_ = 0;
  std::string violation_;
};

} // namespace troupe::simulation
