#include "run/job_run.hpp"

#include "lines/describe_failure.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

namespace troupe_cli {

namespace {

constexpr std::size_t most_bytes_in_flight = std::size_t{64} << 20;
// A job with a mistake in it fails for each of a million items.
constexpr std::size_t told_failures = 20;

constexpr std::size_t shown_bytes = 60; // of an item that fails

// How often the journal gets what has ended behind an item that takes long.
constexpr std::chrono::milliseconds note_interval(50);
constexpr std::size_t most_unnoted_shown = 1000;

// `beginning` has a byte more than is shown if the item has.
std::string shown_item(const std::string& beginning) {
  if (beginning.size() <= shown_bytes)
    return text::printable(beginning);
  return text::printable(beginning.substr(0, shown_bytes)) + "...";
}

} // namespace

// -- what is said ---------------------------------------------------------------------------------------

void run_report::line(const std::string& text) {
  const std::lock_guard lock(mutex_);
  std::cerr << "troupe run: " + text + '\n';
}

void run_report::broken(const std::string& text) {
  if (!broken_.exchange(true))
    line(text);
}

// -- a job ----------------------------------------------------------------------------------------------

job_run::job_run(
  const job& what, item_work work, item_pool& pool, run_report& report, item_journal* journal)
  : what_(what)
  , work_(std::move(work))
  , pool_(pool)
  , report_(report)
  , journal_(journal)
  , stop_on_failure_(what.stop_on_failure) {
  set_options(what.options, what.stop_on_failure);
}

void job_run::run() {
  std::exception_ptr failure;
  try {
    result_writer writer(what_.output);
    std::thread feeder([this] { feed(); });
    try {
      take_all(writer);
    } catch (...) {
      failure = std::current_exception();
      stop();
    }
    feeder.join();
    if (!failure)
      finish(writer);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure)
    report_.broken(text::printable(what_.name) + ": " + describe_failure(failure));
  if (results_)
    results_->abandon(); // also if nothing has been read
  const bool complete = [&] {
    const std::lock_guard lock(mutex_);
    submitted_.clear();
    return complete_ = complete_ && !failure;
  }();
  close_followers(complete);
}

void job_run::leave_out() {
  stop();
  close_followers(false);
}

void job_run::finish(result_writer& writer) {
  const bool complete = [this] {
    const std::lock_guard lock(mutex_);
    return complete_;
  }();
  if (complete)
    writer.commit();
  else
    writer.flush();
  note_shown(writer);
  if (complete)
    return;
  if (writer.has_file())
    report_.line(text::printable(what_.name) + ": " + text::printable(what_.output.file.native()) +
                 " was not written, since the job did not come to its end");
}

void job_run::close_followers(bool complete) {
  for (const auto& pipe : followers_)
    pipe->close(complete);
}

void job_run::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (!ended_)
      complete_ = false;
  }
  bell_.ring();
  if (results_)
    results_->abandon();
  changed_.notify_all();
}

void job_run::cancel() {
  stop();
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  complete_ = false;
  for (auto& one : submitted_)
    if (one.result)
      one.result->cancel();
}

void job_run::set_options(const troupe::task_options& options, bool stop_on_failure) {
  const std::lock_guard lock(mutex_);
  options_ = options;
  options_.name = text::printable(what_.name); // for those who watch
  stop_on_failure_ = stop_on_failure;
}

job_counts job_run::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool job_run::ok() const {
  const std::lock_guard lock(mutex_);
  return complete_ && counts_.failed == 0;
}

// -- the thread that reads ------------------------------------------------------------------------------

void job_run::feed() {
  try {
    submit_all();
  } catch (const broken_problem& problem) { // of the journal
    report_.broken(text::printable(what_.name) + ": " + text::printable(problem.what()));
    stop();
  } catch (...) {
    fail_input(std::current_exception());
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void job_run::submit_all() {
  const auto items = open_items(what_.input, bell_, results_);
  for (std::size_t number = 1;; ++number) {
    auto one = items->next();
    std::unique_lock lock(mutex_);
    if (!one || stopped_)
      return;
    const auto bytes = one->value.size();
    changed_.wait(lock, [&] {
      return stopped_ || submitted_.empty() ||
             (submitted_.size() < what_.in_flight && bytes_ + bytes <= most_bytes_in_flight);
    });
    if (stopped_)
      return;
    const auto options = options_;
    lock.unlock();
    auto next = submit(number, std::move(*one), options);
    lock.lock();
    bytes_ += bytes;
    submitted_.push_back(std::move(next));
    changed_.notify_all();
  }
}

job_run::submitted job_run::submit(
  std::size_t number, item one, const troupe::task_options& options) {
  submitted next{number, one.value.substr(0, shown_bytes + 1), one.value.size()};
  if (journal_ == nullptr || !find_earlier(next, one))
    next.result = pool_.submit(options, work_, std::move(one));
  return next;
}

// Whether it has ended. If not, its attempt begins.
bool job_run::find_earlier(submitted& next, const item& one) {
  std::vector<std::string> what{"run", what_.name, work_.task, work_.directory};
  what.insert(what.end(), work_.command.begin(), work_.command.end());
  what.emplace_back(one.is_text ? "text" : "JSON");
  next.note = journal_->begin(std::move(what), work_.module, next.number, one.value, what_.name);
  next.ended = next.note.is != noted_item::state::begun;
  if (next.note.is == noted_item::state::done_before)
    next.result = item_result({std::move(next.note.result.value)});
  return next.ended;
}

void job_run::fail_input(const std::exception_ptr& failure) {
  if (!is_pool_failure(failure))
    report_.line(text::printable(what_.name) + ": its input: " + describe_failure(failure));
  const std::lock_guard lock(mutex_);
  complete_ = false;
}

// -- the thread that takes ------------------------------------------------------------------------------

void job_run::note_end(submitted& one) {
  if (journal_ == nullptr || std::exchange(one.ended, true))
    return;
  try {
    const auto value = one.result->get();
    journal_->end_well(one.note, value.json, value.microseconds);
  } catch (const broken_problem&) {
    throw;
  } catch (...) {
    const auto failure = std::current_exception();
    journal_->end_badly(one.note, failure, describe_failure(failure));
  }
}

void job_run::note_ends() {
  const std::lock_guard lock(mutex_);
  for (auto& one : submitted_)
    if (one.done())
      note_end(one);
  journal_->commit();
}

void job_run::note_shown(result_writer& writer) {
  if (journal_ == nullptr)
    return;
  if (!writer.has_file())
    journal_->note_shown(unnoted_shown_);
  unnoted_shown_.clear();
  journal_->commit();
}

std::optional<job_run::submitted> job_run::next_submitted(result_writer& writer) {
  std::unique_lock lock(mutex_);
  if (submitted_.empty() || !submitted_.front().done()) {
    // Whoever reads the output sees what there is before this waits.
    lock.unlock();
    writer.flush();
    note_shown(writer);
    lock.lock();
  }
  changed_.wait(lock, [this] { return ended_ || !submitted_.empty(); });
  if (submitted_.empty())
    return std::nullopt;
  auto one = std::move(submitted_.front());
  submitted_.pop_front();
  bytes_ -= one.bytes;
  changed_.notify_all();
  return one;
}

void job_run::take_all(result_writer& writer) {
  while (auto one = next_submitted(writer))
    take_one(*one, writer);
}

void job_run::take_one(submitted& one, result_writer& writer) {
  while (journal_ != nullptr && !one.done() && !one.result->wait_for(note_interval))
    note_ends();
  note_end(one);
  if (!one.result)
    return fail_again();
  try {
    const auto json = one.result->get().json;
    write(one, json, writer);
    for (const auto& pipe : followers_)
      pipe->push(json);
  } catch (const output_failed&) {
    throw;
  } catch (const broken_problem&) {
    throw;
  } catch (...) {
    return fail_item(one, std::current_exception());
  }
  const std::lock_guard lock(mutex_);
  ++counts_.done;
  counts_.done_before += one.note.is == noted_item::state::done_before ? 1 : 0;
}

// A file is written anew by each run; what was shown elsewhere is not shown twice.
void job_run::write(const submitted& one, const std::string& json, result_writer& writer) {
  if (one.note.result.shown && !writer.has_file())
    return writer.skip(json);
  writer.write(json);
  if (journal_ == nullptr || writer.has_file())
    return;
  unnoted_shown_.push_back(one.note.attempt);
  if (unnoted_shown_.size() < most_unnoted_shown)
    return;
  writer.flush();
  note_shown(writer);
}

// An earlier run has told why.
void job_run::fail_again() {
  bool ends = false;
  {
    const std::lock_guard lock(mutex_);
    ++counts_.failed;
    ++counts_.failed_before;
    ends = stop_on_failure_;
    complete_ = complete_ && !ends;
  }
  if (ends)
    cancel();
}

void job_run::fail_item(const submitted& one, const std::exception_ptr& failure) {
  const auto name = text::printable(what_.name);
  if (is_pool_failure(failure)) {
    if (is_cancelled())
      return;
    report_.broken(name + ": " + describe_failure(failure));
    {
      const std::lock_guard lock(mutex_);
      complete_ = false;
    }
    return stop();
  }
  bool ends = false;
  std::size_t failed = 0;
  {
    const std::lock_guard lock(mutex_);
    failed = ++counts_.failed;
    ends = stop_on_failure_;
    complete_ = complete_ && !ends;
    if (cancelled_)
      return; // it was on its way already when the first one failed
  }
  if (failed <= told_failures) {
    const auto shown = shown_item(one.beginning);
    const bool is_nothing = shown.empty() || shown == "[]" || shown == "null";
    report_.line(name + ": item " + std::to_string(one.number) +
                 (is_nothing ? "" : " (" + shown + ")") + ": " + describe_failure(failure));
  } else if (failed == told_failures + 1) {
    report_.line(name + ": more items have failed, and are only counted");
  }
  if (ends)
    cancel();
}

bool job_run::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

} // namespace troupe_cli
