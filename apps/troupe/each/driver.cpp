#include "each/driver.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <csignal>
#include <limits>
#include <utility>

#include <unistd.h>

namespace troupe_cli {
namespace {

using clock = std::chrono::steady_clock;

// With --keep-order, so that what waits for its turn is bounded.
constexpr std::uint64_t most_ahead = 10'000;
// Inputs that ended in an earlier run are many, and events are to be looked at meanwhile.
constexpr std::size_t most_skipped_at_once = 1'000;
constexpr std::chrono::milliseconds quick_command{20};

// In a journal everything is valid text.
std::string noted_text(const std::string& text) {
  const auto printable = text::printable(text);
  return printable.size() == text.size() ? text : printable;
}

std::string named(const input& what) {
  return "input " + std::to_string(what.number) + " \"" + text::printable(what.text) + '"';
}

void remove_files(const input_end& end) {
  for (const auto* part : {&end.out, &end.err}) {
    if (!part->file.empty())
      ::unlink(part->file.c_str());
  }
}

} // namespace

driver::driver(parts with)
  : with_(std::move(with))
  , gate_({with_.options.delay, with_.options.load, with_.options.memfree}, with_.machine) {}

run_result driver::run() {
  show_kept();
  if (with_.options.longest_first)
    read_longest_first();
  event_queue::batch happened;
  for (;;) {
    for (auto& ended : happened.ended)
      handle(std::move(ended));
    for (const int number : happened.signals)
      handle_signal(number);
    start_some();
    write_down();
    if (finished())
      break;
    const auto now = clock::now();
    with_.screen.show(counts(), now);
    happened = with_.events.wait_until(next_look(now));
  }
  with_.outputs.release();
  write_down();
  with_.screen.clear();
  result_.stopped = stopping_ != stopping::no && inputs_left();
  if (with_.journal) {
    with_.journal->finish(!result_.stopped      ? "all"
                          : result_.signal != 0 ? "ended"
                          : halted_             ? "halted"
                                                : "drained");
  }
  return result_;
}

// -- what has happened ------------------------------------------------------------------------------

void driver::handle(ended_attempt ended) {
  auto what = std::move(running_.extract(ended.ticket).mapped());
  if (!ended.failure && !ended.end.begun) {
    usual_time_ = std::max<std::chrono::nanoseconds>(usual_time_, 2 * quick_command);
    again_.push_front(std::move(what));
    return;
  }
  if (!ended.failure)
    return handle_command(std::move(what), std::move(ended.end));
  try {
    std::rethrow_exception(ended.failure);
  } catch (const input_failed& failed) {
    handle_command(std::move(what), failed.end());
  } catch (const troupe::task_cancelled&) {
    handle_end(std::move(what), {}, outcome::cancelled, {});
  } catch (const troupe::child_lost& lost) {
    input_end nothing;
    nothing.child = lost.pid();
    nothing.child_slot = lost.slot();
    handle_end(std::move(what), std::move(nothing), outcome::lost, text::printable(lost.what()));
  } catch (const troupe::pool_failed& failure) { // or start_failed
    throw broken_problem(text::printable(failure.what()));
  } catch (
    const std::exception& failure) { // what the child could not do for it, for want of memory
    handle_end(std::move(what), {}, outcome::lost, text::printable(failure.what()));
  }
}

void driver::handle_command(attempt what, input_end end) {
  usual_time_ += (end.end.wall_time - usual_time_) / 16;
  if (end.disk_full)
    throw broken_problem(
      "\"" + text::printable(with_.place) + "\" is on a disk that is full, and the output of " +
      named(what.job.what) + " is not complete (" + describe(end.end) + "); --" +
      (with_.options.output_dir.empty() ? "spool" : "output-dir") + " names another place");
  const auto how = outcome_of(end.end);
  const auto problem = how == outcome::ok ? std::string() : describe(end.end);
  handle_end(std::move(what), std::move(end), how, problem);
}

void driver::handle_end(attempt what, input_end end, outcome how, const std::string& problem) {
  if (how == outcome::cancelled) {
    note_in_trace(what, end, how, problem, what.for_memory && stopping_ != stopping::now);
    note_end(what, end, how, problem, false);
    if (with_.options.output_dir.empty())
      remove_files(end);
    if (what.for_memory && stopping_ != stopping::now) {
      what.for_memory = false;
      what.noted = 0;
      again_.push_back(std::move(what));
    }
    return;
  }
  const bool again = stopping_ == stopping::no &&
                     with_.options.retries.again(how, end.end.exit_code, what.job.attempt);
  note_in_trace(what, end, how, problem, again);
  note_end(what, end, how, problem, !again);
  report(what, end, problem, again);
  if (!again)
    return finish(std::move(what), std::move(end), how, problem);
  if (with_.options.output_dir.empty())
    remove_files(end);
  ++what.job.attempt;
  what.noted = 0;
  again_.push_back(std::move(what));
}

void driver::finish(attempt what, input_end end, outcome how, const std::string&) {
  ++done_;
  if (how != outcome::ok)
    ++result_.failed;
  if (with_.journal && what.earlier != 0)
    with_.journal->supersede(what.earlier);
  if (with_.options.halt.reached(result_.failed, done_) && stopping_ == stopping::no) {
    halted_ = true;
    with_.screen.say("halted, since " + std::to_string(result_.failed) + " of " +
                     std::to_string(done_) +
                     (done_ == 1 ? " input has failed" : " inputs have failed"));
    stop(with_.options.halt.how() == halt_rule::manner::now ? stopping::now : stopping::soon);
  }
  output ended{what.job.what.number, what.noted, std::move(what.job.what.text), {}, {}};
  if (with_.options.output_dir.empty()) {
    ended.out = std::move(end.out);
    ended.err = std::move(end.err);
  }
  if (with_.journal && !ended.empty())
    with_.journal->keep_output(
      {what.noted, ended.input, ended.out.text, ended.err.text, ended.out.file, ended.err.file});
  with_.outputs.add(std::move(ended));
}

void driver::note_end(
  const attempt& what, const input_end& end, outcome how, const std::string& problem, bool final) {
  if (!with_.journal)
    return;
  const auto& command = end.end;
  const auto microseconds = [](auto time) {
    return std::int64_t{std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
  };
  const bool keeps_files = !with_.options.output_dir.empty();
  with_.journal->end(
    what.noted, {.outcome = word_of(how),
                  .final = final,
                  .exit_code = command.exit_code,
                  .signal = command.signal,
                  .wall_microseconds = microseconds(command.wall_time),
                  .user_microseconds = microseconds(command.user_time),
                  .system_microseconds = microseconds(command.system_time),
                  .peak_kilobytes = static_cast<std::int64_t>(command.peak_kilobytes),
                  .problem = problem,
                  .left = describe_left(command),
                  .out = keeps_files ? noted_text(end.out.file) : std::string(),
                  .err = keeps_files ? noted_text(end.err.file) : std::string()});
}

void driver::note_in_trace(
  const attempt& what, const input_end& end, outcome how, const std::string& problem, bool again) {
  if (with_.trace == nullptr)
    return;
  trace_attempt(*with_.trace, {.job = what.job,
                                .line = with_.task.line(what.job.what),
                                .submitted = what.begin,
                                .end = end,
                                .how = word_of(how),
                                .problem = problem,
                                .again = again});
}

void driver::report(
  const attempt& what, const input_end& end, const std::string& problem, bool again) {
  const auto left = describe_left(end.end);
  if (with_.options.quiet || (problem.empty() && left.empty()))
    return;
  auto line = named(what.job.what);
  if (what.job.attempt > 1)
    line += ", attempt " + std::to_string(what.job.attempt);
  line += ": " + problem;
  if (!left.empty())
    line += (problem.empty() ? "" : "; ") + left;
  with_.screen.say(line + (again ? "; it is tried again" : ""));
}

void driver::handle_signal(int number) {
  const bool ends = number == SIGTERM || (number == SIGINT && stopping_ != stopping::no);
  if (ends && stopping_ != stopping::now) {
    result_.signal = number;
    with_.screen.say("ending " + std::to_string(running_.size()) + " that run");
    stop(stopping::now);
  } else if (stopping_ == stopping::no) {
    with_.screen.say("starting nothing more, and waiting for " + std::to_string(running_.size()) +
                     " that run" + (number == SIGINT ? "; Ctrl-C again ends them" : ""));
    stop(stopping::soon);
  }
}

void driver::stop(stopping how) {
  stopping_ = how;
  if (how == stopping::now)
    with_.end_all();
}

// -- what is to be done next -------------------------------------------------------------------------

void driver::start_some() {
  const auto now = clock::now();
  if (gate_.must_end_one(now))
    end_youngest();
  skipped_in_a_row_ = 0;
  while (has_room() && gate_.open(clock::now())) {
    auto next = next_attempt();
    if (!next)
      return;
    start(std::move(*next));
  }
}

bool driver::has_room() const {
  return stopping_ == stopping::no && running_.size() < at_once();
}

// Quick commands are sent before there is room for them, so that the children need not wait for this process. Not where
// it matters when a command starts: then each one is started after what it depends on has been looked at.
std::size_t driver::at_once() const {
  const auto& options = with_.options;
  const bool any_time = options.halt.how() == halt_rule::manner::never &&
                        options.delay.count() == 0 && options.load == 0 && options.memfree == 0;
  return any_time && usual_time_ < quick_command ? 2 * with_.jobs : with_.jobs;
}

std::optional<driver::attempt> driver::next_attempt() {
  if (!again_.empty()) {
    auto next = std::move(again_.front());
    again_.pop_front();
    return next;
  }
  while (auto next = next_input()) {
    if (auto fresh = attempt_at(std::move(*next)))
      return fresh;
    if (++skipped_in_a_row_ == most_skipped_at_once) {
      with_.events.wake();
      break;
    }
  }
  return std::nullopt;
}

std::optional<input> driver::next_input() {
  if (sorted_) {
    if (sorted_->empty())
      return std::nullopt;
    auto next = std::move(sorted_->front());
    sorted_->pop_front();
    return next;
  }
  if (with_.options.keep_order &&
      done_ + skipped_ + running_.size() >= with_.outputs.first_missing() + most_ahead)
    return std::nullopt;
  return with_.inputs.take();
}

// Nothing, if an earlier run has seen to that input.
std::optional<driver::attempt> driver::attempt_at(input what) {
  attempt next;
  if (with_.journal) {
    next.key = with_.task.key(what);
    if (with_.options.resume) {
      const auto earlier = with_.journal->find_earlier(next.key);
      if (earlier && (earlier->ok || !with_.options.retry_failed)) {
        ++skipped_;
        result_.failed_earlier += !earlier->ok;
        with_.outputs.add({.number = what.number});
        return std::nullopt;
      }
      next.earlier = earlier ? earlier->attempt : 0;
    }
  }
  next.job.what = std::move(what);
  return next;
}

void driver::start(attempt what) {
  const auto ticket = ++last_ticket_;
  what.begin = clock::now();
  gate_.started(what.begin);
  if (with_.journal && what.noted == 0)
    what.noted = with_.journal->begin({what.key, what.job.what.number, what.job.attempt,
      noted_text(what.job.what.text), noted_text(with_.task.line(what.job.what))});
  const auto& begun = running_.emplace(ticket, std::move(what)).first->second;
  with_.begin(ticket, begun.job);
}

void driver::end_youngest() {
  if (running_.size() < 2) // so that something comes to its end
    return;
  auto& what = running_.rbegin()->second;
  if (what.for_memory)
    return;
  what.for_memory = true;
  if (!with_.options.quiet)
    with_.screen.say(named(what.job.what) + ": ended for want of memory; it is run again later");
  with_.end(running_.rbegin()->first);
}

void driver::read_longest_first() {
  std::vector<std::pair<std::int64_t, input>> all;
  while (!with_.inputs.at_end() && stopping_ == stopping::no) {
    while (auto next = with_.inputs.take()) {
      const auto time = with_.journal->earlier_time(with_.task.key(*next));
      all.emplace_back(time.value_or(std::numeric_limits<std::int64_t>::max()), std::move(*next));
    }
    if (with_.inputs.at_end())
      break;
    for (const int number : with_.events.wait_until(time_point::max()).signals)
      handle_signal(number);
  }
  std::stable_sort(all.begin(), all.end(),
    [](const auto& left, const auto& right) { return left.first > right.first; });
  sorted_.emplace();
  for (auto& each : all)
    sorted_->push_back(std::move(each.second));
}

// Outputs of commands that had ended when an earlier run was killed.
void driver::show_kept() {
  if (!with_.journal)
    return;
  for (auto& kept : with_.journal->kept_outputs()) {
    const auto part = [](std::string& text, std::string& file) {
      written out{std::move(text), std::move(file), 0};
      // A file that is gone has been shown: that run was killed before the journal said so.
      out.size = out.file.empty() ? out.text.size() : ::access(out.file.c_str(), F_OK) == 0;
      return out;
    };
    output again{0, kept.attempt, std::move(kept.input), part(kept.out, kept.out_file),
      part(kept.err, kept.err_file)};
    with_.outputs.show_at_once(again);
  }
  with_.journal->commit();
}

// -- the state of the run ----------------------------------------------------------------------------

bool driver::inputs_left() {
  return !again_.empty() || !running_.empty() || (sorted_ && !sorted_->empty()) ||
         !with_.inputs.at_end() || result_.signal != 0;
}

bool driver::finished() {
  if (!running_.empty())
    return false;
  return stopping_ != stopping::no || !inputs_left();
}

// First the journal, then what people see: an output may be shown twice where this process dies in between, but none
// is lost.
void driver::write_down() {
  if (with_.journal)
    with_.journal->commit();
  with_.outputs.show();
  if (with_.journal)
    with_.journal->commit();
}

progress_counts driver::counts() const {
  progress_counts counts{.done = done_,
    .skipped = skipped_,
    .failed = result_.failed,
    .running = std::min(running_.size(), with_.jobs),
    .total = sorted_ ? std::optional(static_cast<double>(
                         done_ + skipped_ + running_.size() + again_.size() + sorted_->size()))
                     : with_.inputs.total(),
    .note = stopping_ == stopping::no ? gate_.note() : "stopping"};
  if (!running_.empty()) {
    const auto& first = running_.begin()->second;
    counts.slowest = first.job.what.text;
    counts.slowest_age =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - first.begin);
  }
  return counts;
}

driver::time_point driver::next_look(time_point now) const {
  auto next = with_.screen.next();
  if (has_room() && (!again_.empty() || (sorted_ ? !sorted_->empty() : !with_.inputs.at_end())))
    next = std::min(next, gate_.next(now));
  if (with_.options.memfree > 0 && !running_.empty())
    next = std::min(next, gate_.next(now));
  return next;
}

} // namespace troupe_cli
