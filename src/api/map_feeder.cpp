#include "api/map_feeder.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace troupe::detail {

map_source::~map_source() = default;

namespace {

// Null for the defaults: a task without options costs less.
std::shared_ptr<const task_options> options_of_items(const task_options& options) {
  return options == task_options{} ? nullptr : checked_options(options);
}

// Whether several items may travel as one message: where their options ask for nothing that each must have for itself.
bool can_share_messages(const map_options& options) {
  auto harmless = options.task;
  harmless.name.clear();
  harmless.priority = 0;
  harmless.key.clear();
  return !options.on_progress && harmless == task_options{};
}

std::size_t max_batch_items(call_kind kind) noexcept {
  return kind == call_kind::coroutine ? limits::max_coroutine_batch_items : limits::max_batch_items;
}

} // namespace

map_feeder::map_feeder(
  pool_ref pool, std::unique_ptr<map_source> source, const map_options& options)
  : pool_(std::move(pool))
  , source_(std::move(source))
  , code_(source_->code)
  , size_hint_(source_->size().value_or(0))
  , chunk_size_(options.chunksize)
  , buffer_size_(options.buffersize)
  , task_options_(options_of_items(options.task))
  , counters_(new map_counters(options.on_progress, source_->size()))
  , may_share_(can_share_messages(options))
  , may_travel_(code_.kind == call_kind::coroutine ? 1 : limits::max_batch_items)
  , fits_(source_->size().has_value() && size_hint_ <= options.window()) {}

// -- how many at a time ---------------------------------------------------------------------------------

std::size_t map_feeder::items_in(std::chrono::nanoseconds time, std::size_t unknown) const {
  const auto each = pool_->average_time();
  return each.count() > 0 ? static_cast<std::size_t>(time / each) : unknown;
}

std::size_t map_feeder::shares() const {
  return may_share_ && may_travel_ > 1 ? pool_->shares(code_.kind) : 0;
}

std::size_t map_feeder::chunk_size() const {
  if (chunk_size_ != 0)
    return chunk_size_;
  const auto singly = std::clamp<std::size_t>(
    items_in(limits::chunk_time, limits::max_tasks_at_a_time), 1, limits::max_tasks_at_a_time);
  return std::max(singly, batch_size());
}

std::size_t map_feeder::batch_size() const {
  const auto shares = this->shares();
  if (shares == 0)
    return 1;
  auto most = chunk_size_;
  if (most == 0) {
    most = items_in(
      code_.kind == call_kind::coroutine ? limits::coroutine_chunk_time : limits::chunk_time,
      limits::first_batch_items);
    if (size_hint_ > 0) // near the end there is to be something for everyone
      most = std::min(most, (size_hint_ - read_) / (2 * shares) + 1);
  }
  return std::clamp<std::size_t>(most, 1, may_travel_);
}

std::size_t map_feeder::window() const {
  if (buffer_size_ != 0)
    return buffer_size_;
  const auto usual = map_options::default_buffersize;
  const auto shares = this->shares();
  if (shares == 0)
    return usual;
  const auto by_time = items_in(16 * shares * limits::chunk_time, usual);
  const auto by_bytes = limits::wide_window_bytes / (result_bytes_ / 64 + 1);
  return std::clamp(std::min(by_time, by_bytes), usual, limits::max_window_items);
}

// -- reading --------------------------------------------------------------------------------------------

void map_feeder::taken(const task_state& task) noexcept {
  const auto items = task.size();
  const auto weight = std::min<std::size_t>(items, 64);
  result_bytes_ += task.result().payload.size() * weight / items;
  result_bytes_ -= result_bytes_ * weight / 64;
  if (code_.kind == call_kind::plain || task.result().what == outcome::kind::failed)
    return;
  // One that lingers sends those behind it back: as many travel together as have not done so since the last one that did.
  may_travel_ =
    task.lingers ? 1 : std::min<std::size_t>(may_travel_ + items, max_batch_items(code_.kind));
}

// The number of items after which the clock is to be looked at: not after each, since most are read in less time than
// a look takes.
std::size_t map_feeder::until_look() const noexcept {
  const auto count = read_ - read_before_;
  return count < 16 ? std::bit_ceil(count + 1) - count : 16 - count % 16;
}

bool map_feeder::read_some(bytes& arguments, std::size_t most, bool in_batch) {
  if (in_batch)
    return source_->next_records(
      arguments, std::min(most, until_look()), limits::batch_bytes, read_);
  if (!source_->next(arguments))
    return false;
  ++read_;
  return true;
}

task_ptr map_feeder::next(std::size_t most) {
  const bool in_batch = most > 1;
  bytes arguments;
  if (in_batch)
    arguments.reserve(usual_bytes_);
  const auto first = read_;
  // A size that is known is the end, which need not be asked of an input that may be gone by then.
  const auto end = size_hint_ > first ? std::min(first + most, size_hint_) : first + most;
  try {
    while (read_ < end && !slow_ && arguments.size() < limits::batch_bytes) {
      if (!read_some(arguments, end - read_, in_batch)) {
        empty_ = true;
        if (source_->size())
          source_.reset();
        break;
      }
      const auto count = read_ - read_before_;
      if (std::has_single_bit(count) || count % 16 == 0)
        slow_ = clock::now() - chunk_begun_ > limits::chunk_time;
    }
    if (size_hint_ > 0 && read_ == size_hint_)
      source_.reset();
  } catch (...) {
    failure_ = std::current_exception();
    source_.reset();
  }
  const auto items = static_cast<std::uint32_t>(read_ - first);
  if (items == 0)
    return nullptr;
  if (in_batch)
    usual_bytes_ = std::min(arguments.size(), 2 * limits::batch_bytes);
  task_ptr task(new task_state(code_, std::move(arguments)));
  task->index = first;
  task->items = in_batch ? items : 0;
  task->options = task_options_;
  task->counters = counters_.get();
  return task;
}

void map_feeder::finish() {
  stop();
  if (failure_)
    std::rethrow_exception(std::exchange(failure_, nullptr));
}

} // namespace troupe::detail
