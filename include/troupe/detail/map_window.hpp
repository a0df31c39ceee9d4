#pragma once

#include <troupe/detail/batch.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/task_state.hpp>
#include <troupe/map_options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// The part of a map's input that is in flight or unread. It is filled by whoever takes results, so the
// input is read lazily, by one thread, and no faster than the results are used.
namespace troupe::detail {

/// The input of a map, encoded.
class map_source {
public:
  explicit map_source(const call_code& item_code)
    : code(item_code) {}
  virtual ~map_source();

  /// What each item is called with.
  const call_code code;
  /// Appends the encoded arguments of the next item; false if the input is at its end, which it may not be later. Throws
  /// what reading the input throws, and `encode_error`.
  virtual bool next(bytes& arguments) = 0;
  /// As `next` for up to `most` items, each of which is a record, until there are `most_bytes` bytes. Counts each in
  /// `read`, also if it throws later. False if the input is at its end.
  virtual bool next_records(
    bytes& arguments, std::size_t most, std::size_t most_bytes, std::size_t& read) = 0;
  /// The size of the whole input, if that is known.
  virtual std::optional<std::size_t> size() const = 0;
};

/// `Encode::encode(bytes&, item)` appends the arguments of one item. A range that has a name is referred to, unless it
/// is a view; any other is kept here, as `std::views::all` does it, which clang 14 cannot compile for a container.
template <class Encode, class Range>
class range_source final : public map_source {
  using range_type = std::remove_cvref_t<Range>;
  static constexpr bool refers =
    std::is_lvalue_reference_v<Range> && !std::ranges::view<range_type>;
  using kept_type = std::conditional_t<refers, Range, range_type>;

public:
  range_source(const call_code& item_code, Range&& range)
    : map_source(item_code)
    , range_(std::forward<Range>(range)) {}

  bool next(bytes& arguments) override {
    if (!position_)
      position_.emplace(std::ranges::begin(range_));
    else if (*position_ != std::ranges::end(range_) && taken_)
      ++*position_;
    taken_ = false;
    if (*position_ == std::ranges::end(range_))
      return false;
    Encode::encode(arguments, **position_);
    taken_ = true;
    return true;
  }

  bool next_records(
    bytes& arguments, std::size_t most, std::size_t most_bytes, std::size_t& read) override {
    record_writer records(arguments);
    for (; most > 0 && arguments.size() < most_bytes; --most, ++read)
      if (!records.add([this](bytes& out) { return next(out); }))
        return false;
    return true;
  }

  std::optional<std::size_t> size() const override {
    if constexpr (std::ranges::sized_range<decltype((range_))>)
      return static_cast<std::size_t>(std::ranges::size(range_));
    else
      return std::nullopt;
  }

private:
  kept_type range_;
  std::optional<std::ranges::iterator_t<kept_type>> position_;
  // The item at `position_` has been used: it moves on only when the next is wanted.
  bool taken_ = false;
};

/// The items of a task that is done, in their order.
class item_reader {
public:
  bool at_end() const noexcept { return left_ == 0; }
  const task_ptr& task() const noexcept { return task_; }
  void open(task_ptr done);
  /// Its position in the input.
  std::uint64_t index() const noexcept { return task_->index + task_->size() - left_; }
  /// Valid until another task is opened.
  item_outcome next() {
    --left_;
    if (!in_records_)
      return item_outcome::of(task_->result());
    const auto head = record_head::read(next_record_);
    const auto* const content = next_record_ + sizeof head;
    next_record_ = content + head.length();
    return {head.threw() ? outcome::kind::threw : outcome::kind::value, {content, head.length()},
      nullptr};
  }

private:
  task_ptr task_;
  std::size_t left_ = 0;
  bool in_records_ = false;
  const std::byte* next_record_ =
    nullptr; // the pool has looked at them: they are what their heads say
};

/// Reads ahead in input order.
class ordered_window {
public:
  virtual ~ordered_window();

  /// The task of the next item whose result is to be taken, or null at the end. Valid until `take`.
  task_state* front() { return items_.at_end() ? next_task() : items_.task().get(); }
  /// That result, when the task is done. Valid until the next call.
  item_outcome take() {
    if (items_.at_end())
      open_next();
    const auto item = items_.next();
    if (items_.at_end())
      all_taken();
    return item;
  }
  virtual void cancel(bool started_too) = 0;
  /// Blocks until that task is done.
  virtual void wait(task_state& task) = 0;
  /// `pool_port::lend`.
  virtual std::shared_ptr<void> lend() = 0;
  virtual std::size_t size_hint() const noexcept = 0;
  virtual map_progress progress() const noexcept = 0;

protected:
  item_reader items_; // of the task that is done and not yet taken as a whole

private:
  // The task after that, or null at the end.
  virtual task_state* next_task() = 0;
  // Puts its items into `items_`.
  virtual void open_next() = 0;
  // The last one of `items_` is about to be used.
  virtual void all_taken() = 0;
};

std::shared_ptr<ordered_window> open_ordered_window(
  const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options);

/// How one item ended, kept for as long as it is held.
struct taken_item {
  task_ptr of;
  item_outcome outcome{};
  std::uint64_t index = 0; ///< in the input
};

/// Reads ahead and gives the results in the order of their completion.
class unordered_window {
public:
  virtual ~unordered_window();

  /// Whether there is an item whose result has not been taken.
  bool expects_more() { return !items_.at_end() || expects_tasks(); }
  /// Whether `take` has something.
  bool ready() const { return !items_.at_end() || has_done(); }
  /// Blocks until it has.
  virtual void wait() = 0;
  /// `pool_port::lend`.
  virtual std::shared_ptr<void> lend() = 0;
  taken_item take() {
    if (items_.at_end())
      open_next();
    taken_item item{items_.task(), {}, items_.index()};
    item.outcome = items_.next();
    if (items_.at_end())
      all_taken();
    return item;
  }
  virtual void cancel() = 0;
  virtual map_progress progress() const noexcept = 0;
  /// Is resolved when `take` has something.
  virtual promise_ptr next_completion() = 0;

protected:
  item_reader items_; // of a task that is done and not yet taken as a whole

private:
  // Beside `items_`: whether there is a task that has not been taken, or is done.
  virtual bool expects_tasks() = 0;
  virtual bool has_done() const = 0;
  // Puts the items of one that is done into `items_`.
  virtual void open_next() = 0;
  // The last one of `items_` is about to be used.
  virtual void all_taken() = 0;
};

std::shared_ptr<unordered_window> open_unordered_window(
  const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options);

} // namespace troupe::detail

#pragma GCC visibility pop
