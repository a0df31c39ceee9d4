#pragma once

#include "each/events.hpp"
#include "each/input_reader.hpp"
#include "each/options.hpp"
#include "each/output_writer.hpp"
#include "each/progress.hpp"
#include "each/start_gate.hpp"
#include "each/trace_attempt.hpp"
#include "each/work.hpp"

#include "journal/journal.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// What a run has come to.
struct run_result {
  std::size_t failed = 0;         ///< inputs, in this run
  std::size_t failed_earlier = 0; ///< in earlier ones, and not run again
  bool stopped = false;           ///< inputs were left
  int signal = 0;                 ///< by which what ran was ended, or 0
};

/// Starts an attempt for each input when there is room for it, and sees to what becomes of it: another attempt, the
/// journal, the output, the end of the run. Everything is done on the thread that calls `run`.
class driver {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Submits an attempt; its end will be an event with this ticket.
  using submit = std::function<void(std::uint64_t ticket, const input_job& job)>;
  /// Cancels the task of an attempt, which is an event as any other end.
  using end_one = std::function<void(std::uint64_t ticket)>;
  /// The same for all that run.
  using end_rest = std::function<void()>;

  struct parts {
    const each_options& options;
    const work& task;
    event_queue& events;
    input_reader& inputs;
    troupe_cli::journal* journal; // or null
    output_writer& outputs;
    progress_screen& screen;
    pool_trace* trace = nullptr; // or null
    std::size_t jobs;            // at once
    std::string place;           // where outputs lie
    submit begin;
    end_one end;
    end_rest end_all;
    start_gate::machine machine = start_gate::this_machine();
  };

  explicit driver(parts with);

  /// Runs until all has ended. Throws `broken_problem` and `closed_output`.
  run_result run();

private:
  /// An input that is to be run, or runs.
  struct attempt {
    input_job job{};
    std::string key{};
    std::int64_t noted = 0;   // its row in the journal
    std::int64_t earlier = 0; // the row of the failure that it makes good
    time_point begin{};
    bool for_memory = false; // it is being ended, to be run again
  };
  enum class stopping { no, soon, now };

  void handle(ended_attempt ended);
  // A command has run, or could not be started.
  void handle_command(attempt what, input_end end);
  void handle_end(attempt what, input_end end, outcome how, const std::string& problem);
  void handle_signal(int number);
  void finish(attempt what, input_end end, outcome how, const std::string& problem);
  void note_end(
    const attempt& what, const input_end& end, outcome how, const std::string& problem, bool final);
  void note_in_trace(
    const attempt& what, const input_end& end, outcome how, const std::string& problem, bool again);
  void report(const attempt& what, const input_end& end, const std::string& problem, bool again);
  void stop(stopping how);

  void start_some();
  bool has_room() const;
  std::size_t at_once() const;
  std::optional<attempt> next_attempt();
  std::optional<attempt> attempt_at(input what);
  std::optional<input> next_input();
  void start(attempt what);
  void end_youngest();
  void read_longest_first();
  void show_kept();

  bool finished();
  bool inputs_left();
  void write_down();
  progress_counts counts() const;
  time_point next_look(time_point now) const;

  parts with_;
  start_gate gate_;
  std::map<std::uint64_t, attempt> running_; // by ticket, so the youngest is the last
  std::deque<attempt> again_;
  std::chrono::nanoseconds usual_time_ = std::chrono::seconds(1); // that a command takes
  std::optional<std::deque<input>> sorted_;
  std::uint64_t last_ticket_ = 0;
  std::size_t done_ = 0;
  std::size_t skipped_ = 0;
  std::size_t skipped_in_a_row_ = 0;
  run_result result_{};
  stopping stopping_ = stopping::no;
  bool halted_ = false;
};

} // namespace troupe_cli
