#pragma once

#include <troupe/detail/queue_status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace troupe::policy {

/// The state of a `troupe::queue`: the items, and who waits to push or to pop. First come, first served,
/// among items and among those who wait. Each operation is answered exactly once, at once or later, by an
/// entry in `answers`. Pure: time comes in. O(log waiting).
///
/// There are waiting pops only while there are no items, and waiting pushes only while it is full. It is full
/// when it has as many items as its capacity, or when their bytes leave no room for the next one; an empty
/// one has room for any.
template <class Waiter, class Item>
class bounded_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using status = detail::queue_status;

  struct answer {
    Waiter to;
    status what = status::done;
    Item item{}; ///< of a pop that is `done`
  };
  using answers = std::vector<answer>;

  /// `max_bytes`: of all items together, for items that have a size.
  explicit bounded_queue(
    std::size_t capacity, std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max())
    : capacity_(capacity)
    , max_bytes_(max_bytes) {}

  /// Answered with `done` once the item is in the queue or with a pop; with `timed_out` if there is no
  /// room until `deadline`.
  void push(Waiter who, Item item, time_point now, time_point deadline, answers& out) {
    if (closed_) {
      out.push_back({std::move(who), status::closed, {}});
    } else if (!poppers_.empty()) {
      end(poppers_, poppers_.begin(), status::done, out);
      out.back().item = std::move(item);
      out.push_back({std::move(who), status::done, {}});
    } else if (pushers_.empty() && has_room_for(item)) { // nobody is overtaken
      append(std::move(item));
      out.push_back({std::move(who), status::done, {}});
    } else {
      wait(pushers_, {std::move(who), std::move(item), deadline}, now, out);
    }
  }

  /// Answered with `done` and the first item; with `closed` if it is closed and empty; with `timed_out` if
  /// there is none until `deadline`.
  void pop(Waiter who, time_point now, time_point deadline, answers& out) {
    if (items_.empty()) {
      if (closed_)
        out.push_back({std::move(who), status::closed, {}});
      else
        wait(poppers_, {std::move(who), {}, deadline}, now, out);
      return;
    }
    bytes_ -= bytes_of(items_.front());
    out.push_back({std::move(who), status::done, std::move(items_.front())});
    items_.pop_front();
    admit(out);
  }

  /// Everyone who waits is told. The items stay and can be popped. May be called again.
  void close(answers& out) {
    closed_ = true;
    for (auto* waiting : {&pushers_, &poppers_})
      while (!waiting->empty())
        end(*waiting, waiting->begin(), status::closed, out);
  }

  /// An operation that is not wanted any more, answered with `withdrawn`. One that was answered already,
  /// or is unknown, is none of its business.
  void withdraw(const Waiter& who, answers& out) {
    const auto found = places_.find(who);
    if (found == places_.end())
      return;
    auto& waiting = pushers_.contains(found->second) ? pushers_ : poppers_;
    end(waiting, waiting.find(found->second), status::withdrawn, out);
    admit(out); // a smaller item may have waited behind it
  }

  /// Answers those whose deadline has come.
  void expire(time_point now, answers& out) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
      const auto number = deadlines_.begin()->second;
      auto& waiting = pushers_.contains(number) ? pushers_ : poppers_;
      end(waiting, waiting.find(number), status::timed_out, out);
    }
    admit(out);
  }

  /// When `expire` will have something to do.
  std::optional<time_point> next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
  }

  /// Calls `each(waiter)` for everyone who waits, without an answer. Nothing may be asked of it afterwards.
  template <class Each>
  void abandon(Each each) noexcept {
    for (auto* waiting : {&pushers_, &poppers_})
      for (auto& [number, what] : *waiting)
        each(what.who);
    pushers_.clear();
    poppers_.clear();
    places_.clear();
    deadlines_.clear();
    items_.clear();
  }

  bool closed() const noexcept { return closed_; }
  std::size_t size() const noexcept { return items_.size(); }
  /// Operations that have not been answered.
  std::size_t waiting() const noexcept { return places_.size(); }

private:
  struct operation {
    Waiter who;
    Item item;
    time_point deadline;
  };
  using operations = std::map<std::uint64_t, operation>; // by order of arrival

  static std::uint64_t bytes_of([[maybe_unused]] const Item& item) noexcept {
    if constexpr (requires { item.size(); })
      return item.size();
    else
      return 0;
  }
  bool has_room_for(const Item& item) const noexcept {
    return items_.size() < capacity_ &&
           (items_.empty() || (bytes_ <= max_bytes_ && bytes_of(item) <= max_bytes_ - bytes_));
  }
  void append(Item&& item) {
    bytes_ += bytes_of(item);
    items_.push_back(std::move(item));
  }
  // Those who waited for room, for as long as there is some.
  void admit(answers& out) {
    while (!pushers_.empty() && has_room_for(pushers_.begin()->second.item)) {
      append(std::move(pushers_.begin()->second.item));
      end(pushers_, pushers_.begin(), status::done, out);
    }
  }

  void wait(operations& waiting, operation&& what, time_point now, answers& out) {
    if (what.deadline <= now) {
      out.push_back({std::move(what.who), status::timed_out, {}});
      return;
    }
    const auto number = next_number_++;
    places_.emplace(what.who, number);
    if (what.deadline != time_point::max())
      deadlines_.emplace(what.deadline, number);
    waiting.emplace(number, std::move(what));
  }

  // If there is no memory for the answer, the operation goes on waiting.
  void end(operations& waiting, typename operations::iterator which, status what, answers& out) {
    out.push_back({which->second.who, what, {}});
    deadlines_.erase({which->second.deadline, which->first});
    places_.erase(which->second.who);
    waiting.erase(which);
  }

  const std::size_t capacity_;
  const std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0; // of items_
  bool closed_ = false;
  std::deque<Item> items_;
  operations pushers_;
  operations poppers_;
  std::map<Waiter, std::uint64_t> places_; // the number of each who waits
  std::set<std::pair<time_point, std::uint64_t>> deadlines_;
  std::uint64_t next_number_ = 0;
};

} // namespace troupe::policy
