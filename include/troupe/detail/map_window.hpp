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

/// Reads ahead in input order.
class ordered_window {
public:
  virtual ~ordered_window();

  /// The task of the next item whose result is to be taken, or null at the end. Valid until `take`.
  virtual task_state* front() = 0;
  /// That result, when the task is done. Valid until the next call.
  virtual item_outcome take() = 0;
  virtual void cancel(bool started_too) = 0;
  /// Blocks until that task is done.
  virtual void wait(task_state& task) = 0;
  /// `pool_port::lend`.
  virtual std::shared_ptr<void> lend() = 0;
  virtual std::size_t size_hint() const noexcept = 0;
  virtual map_progress progress() const noexcept = 0;
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
  virtual bool expects_more() = 0;
  /// Whether `take` has something.
  virtual bool ready() const = 0;
  /// Blocks until it has.
  virtual void wait() = 0;
  /// `pool_port::lend`.
  virtual std::shared_ptr<void> lend() = 0;
  virtual taken_item take() = 0;
  virtual void cancel() = 0;
  virtual map_progress progress() const noexcept = 0;
  /// Is resolved when `take` has something.
  virtual promise_ptr next_completion() = 0;
};

std::shared_ptr<unordered_window> open_unordered_window(
  const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options);

} // namespace troupe::detail

#pragma GCC visibility pop
