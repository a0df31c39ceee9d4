#include "loop/event_loop.hpp"

#include "base/forked_copy.hpp"
#include "base/surely.hpp"

#include <troupe/detail/task_state.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace loop {

namespace {

using namespace std::chrono_literals;

thread_local event_loop* current_loop = nullptr;

// Under load, descriptors and timers are looked at this often: a look is a system call.
constexpr auto io_poll_interval = 50us;
// Then their handlers may take so long before others get their turn.
constexpr auto io_poll_slice = 200us;
// Messages that an actor handles before others get their turn.
constexpr std::size_t messages_per_turn = 256;
// A source that had nothing in so many turns of a loop that has other work may rest: waking it costs its peer a system
// call, and looking at it costs some 50 ns a turn.
constexpr std::uint32_t turns_before_rest = 256;

void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

} // namespace

event_loop::event_loop(caf::actor_system& system, int concurrency_hint)
  : compat::executor(system)
  , io_(concurrency_hint)
  , work_(io_.get_executor()) {
  // Asio makes what waits for descriptors when the first of them comes. Where it cannot be had, that is to be said here,
  // and not in a handler, which nobody can answer.
  const boost::asio::posix::stream_descriptor first(io_);
}

event_loop::~event_loop() {
  release_jobs();
}

void event_loop::release_jobs() {
  job_list remote;
  take_remote_jobs(remote);
  for (auto* list : {&jobs_, &remote}) {
    for (auto* job : *list)
      caf::intrusive_ptr_release(job);
    list->clear();
  }
}

void event_loop::shut_down() {
  {
    const std::lock_guard lock(remote_mutex_);
    shut_down_ = true;
  }
  release_jobs();
  io_.shut_down();
}

event_loop* event_loop::current() noexcept {
  return current_loop;
}

void event_loop::exec_later(caf::resumable* job) {
  if (job->subtype() != caf::resumable::io_actor) {
    hand_to_scheduler(job); // an actor of the program, to which one of ours has sent
    return;
  }
  if (current_loop == this) {
    jobs_.push(job);
    return;
  }
  {
    const std::lock_guard lock(remote_mutex_);
    if (!shut_down_)
      remote_jobs_.push(std::exchange(job, nullptr));
  }
  if (job != nullptr) {
    caf::intrusive_ptr_release(job);
    return;
  }
  has_remote_jobs_.store(true, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false))
    wake_up();
}

void event_loop::wake_up() {
  base::surely([this] { boost::asio::post(io_, [] {}); });
}

void event_loop::stop() {
  stopped_.store(true, std::memory_order_seq_cst);
  wake_up();
}

void event_loop::add_source(loop_source* source) {
  sources_.reserve(
    2 * (added_ + 1)); // those that end their rest need no memory, nor those that left a null
  sources_.push_back(source);
  ++added_;
}

void event_loop::remove_source(loop_source* source) {
  const auto found = std::find(sources_.begin(), sources_.end(), source);
  if (found != sources_.end())
    *found = nullptr;
  else if (!std::exchange(source->rests_, false))
    return; // it was not added
  --added_;
}

void event_loop::run() {
  current_loop = this;
  while (!stopped_.load(std::memory_order_relaxed))
    if (!turn() && !spin())
      sleep();
  // What was asked for before `stop` is still done: an actor that was told to quit does, or its actor
  // system would wait for it for ever. Bounded, should actors keep each other busy.
  for (int turns = 0; turns < 10'000 && turn(); ++turns) {
  }
  current_loop = nullptr;
}

void event_loop::run_while(const std::function<bool()>& waiting) {
  while (waiting())
    if (!turn() && !spin())
      sleep();
}

bool event_loop::turn() {
  bool worked = run_jobs();
  worked |= poll_sources();
  worked |= poll_io(!worked);
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i] != nullptr)
      sources_[i]->flush();
  if (worked)
    begin_rests();
  std::erase(sources_, nullptr);
  return worked;
}

void event_loop::take_remote_jobs(job_list& to) {
  const std::lock_guard lock(remote_mutex_);
  has_remote_jobs_.store(false, std::memory_order_relaxed);
  to.swap(remote_jobs_);
}

// A job that becomes ready meanwhile waits for the next turn.
bool event_loop::run_jobs() {
  running_.swap(jobs_);
  bool worked = run(running_);
  if (has_remote_jobs_.load(std::memory_order_acquire)) {
    take_remote_jobs(running_);
    worked |= run(running_);
  }
  return worked;
}

bool event_loop::run(job_list& jobs) {
  if (jobs.empty())
    return false;
  for (auto* job : jobs) {
    switch (job->resume(this, messages_per_turn)) {
    case caf::resumable::resume_later:
      jobs_.push(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    }
  }
  jobs.clear();
  return true;
}

bool event_loop::poll_sources() {
  bool worked = false;
  for (std::size_t i = 0; i < sources_.size(); ++i) { // sources may come and go meanwhile
    auto* const source = sources_[i];
    if (source == nullptr)
      continue;
    ++source->idle_turns_;
    if (source->poll()) {
      worked = true;
      if (i < sources_.size() && sources_[i] == source) // it is still there
        source->idle_turns_ = 0;
    }
  }
  return worked;
}

void event_loop::begin_rests() {
  for (auto*& source : sources_) {
    if (source == nullptr || source->idle_turns_ < turns_before_rest || !source->may_rest())
      continue;
    source->idle_turns_ = 0;
    if (source->prepare_sleep())
      std::exchange(source, nullptr)->rests_ = true;
    else
      source->awake();
  }
}

void event_loop::end_rest(loop_source& source) {
  source.rests_ = false;
  source.idle_turns_ = 0;
  source.awake();
  sources_.push_back(&source);
}

bool event_loop::poll_io(bool otherwise_idle) {
  const auto now = std::chrono::steady_clock::now();
  if (!otherwise_idle && now - last_io_poll_ < io_poll_interval)
    return false;
  last_io_poll_ = now;
  // Not `poll`, which goes on for as long as there is something: a descriptor may always be ready again.
  const auto end = now + io_poll_slice;
  bool worked = false;
  while (io_.poll_one() > 0) {
    worked = true;
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  return worked;
}

bool event_loop::spin() {
  const auto budget = spin_.next();
  if (budget <= 0ns)
    return false;
  const auto end = std::chrono::steady_clock::now() + budget;
  bool found = false;
  while (!found && std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 16; ++i)
      relax();
    found = has_remote_jobs_.load(std::memory_order_relaxed) || poll_sources();
  }
  spin_.found(found);
  return found;
}

void event_loop::sleep() {
  sleeping_.store(true, std::memory_order_seq_cst);
  bool nothing_to_do = !has_remote_jobs_.load(std::memory_order_seq_cst);
  for (auto* source : sources_)
    if (source != nullptr && !source->prepare_sleep())
      nothing_to_do = false;
  if (nothing_to_do && !stopped_.load(std::memory_order_seq_cst))
    io_.run_one();
  sleeping_.store(false, std::memory_order_relaxed);
  for (auto* source : sources_)
    if (source != nullptr)
      source->awake();
}

} // namespace loop

void detail::check_may_block(const char* what) {
  base::check_not_forked_copy(what);
  if (loop::event_loop::current() != nullptr)
    throw std::logic_error(
      std::string(what) +
      " on the event loop's own thread would wait for itself: use co_await there");
}

} // namespace troupe
