#pragma once

#include <troupe/detail/queue_status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
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
/// There are waiting pops only while there are no items, and waiting pushes only while it is full.
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

  explicit bounded_queue(std::size_t capacity)
    : capacity_(capacity) {}

  /// Answered with `done` once the item is in the queue or with a pop; with `timed_out` if there is no
  /// room until `deadline`.
  void push(Waiter who, Item item, time_point now, time_point deadline, answers& out) {
    if (closed_) {
      out.push_back({std::move(who), status::closed, {}});
    } else if (!poppers_.empty()) {
      out.push_back({take(poppers_, poppers_.begin()).who, status::done, std::move(item)});
      out.push_back({std::move(who), status::done, {}});
    } else if (items_.size() < capacity_) {
      items_.push_back(std::move(item));
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
    out.push_back({std::move(who), status::done, std::move(items_.front())});
    items_.pop_front();
    if (pushers_.empty())
      return;
    auto next = take(pushers_, pushers_.begin());
    items_.push_back(std::move(next.item));
    out.push_back({std::move(next.who), status::done, {}});
  }

  /// Everyone who waits is told. The items stay and can be popped. May be called again.
  void close(answers& out) {
    closed_ = true;
    for (auto* waiting : {&pushers_, &poppers_})
      while (!waiting->empty())
        out.push_back({take(*waiting, waiting->begin()).who, status::closed, {}});
  }

  /// An operation that is not wanted any more, answered with `withdrawn`. One that was answered already,
  /// or is unknown, is none of its business.
  void withdraw(const Waiter& who, answers& out) {
    const auto found = places_.find(who);
    if (found == places_.end())
      return;
    auto& waiting = pushers_.contains(found->second) ? pushers_ : poppers_;
    out.push_back({take(waiting, waiting.find(found->second)).who, status::withdrawn, {}});
  }

  /// Answers those whose deadline has come.
  void expire(time_point now, answers& out) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
      const auto number = deadlines_.begin()->second;
      auto& waiting = pushers_.contains(number) ? pushers_ : poppers_;
      out.push_back({take(waiting, waiting.find(number)).who, status::timed_out, {}});
    }
  }

  /// When `expire` will have something to do.
  std::optional<time_point> next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
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

  operation take(operations& waiting, typename operations::iterator which) {
    auto taken = std::move(waiting.extract(which).mapped());
    const auto place = places_.find(taken.who);
    deadlines_.erase({taken.deadline, place->second});
    places_.erase(place);
    return taken;
  }

  const std::size_t capacity_;
  bool closed_ = false;
  std::deque<Item> items_;
  operations pushers_;
  operations poppers_;
  std::map<Waiter, std::uint64_t> places_; // the number of each who waits
  std::set<std::pair<time_point, std::uint64_t>> deadlines_;
  std::uint64_t next_number_ = 0;
};

} // namespace troupe::policy
