#pragma once

#include "arena.hpp"
#include "work.hpp"

#include <troupe/pool.hpp>

#include <ranges>
#include <string>
#include <utility>

namespace torture {

/// Notes how each item of a map resolves that was given the numbers from `first` on. Gives how many there were.
template <class Results>
std::uint64_t take_all(arena& in, std::uint64_t first, Results results) {
  std::uint64_t taken = 0;
  for (auto& item : results) {
    const auto task = first + item.index();
    const auto failure = item.error();
    in.tasks.resolved(task, failure);
    if (failure == nullptr && item.value() != answer(task))
      in.says.broken("task " + std::to_string(task) + " has the value of another");
    ++taken;
  }
  if (taken != results.progress().submitted)
    in.says.broken("a map has read " + std::to_string(results.progress().submitted) +
                   " items, and gave " + std::to_string(taken));
  return taken;
}

/// Runs `f` with the numbers of `count` new tasks, as a map. Gives tasks per second.
template <class F>
double map_tasks(arena& in, troupe::pool& pool, F f, std::uint64_t count) {
  const watch::on look(in.watched, pool);
  const auto begin = std::chrono::steady_clock::now();
  const auto first = in.tasks.submit(count);
  take_all(in, first, pool.map_unordered(f, std::views::iota(first, first + count)));
  return static_cast<double>(count) /
         std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The same until `over`, with at most `in_flight` tasks at a time; 0: the default.
template <class F>
void map_until(
  arena& in, troupe::pool& pool, F f, const std::atomic<bool>& over, std::size_t in_flight = 0) {
  const watch::on look(in.watched, pool);
  const auto first = in.tasks.open_row();
  auto numbers = std::views::iota(first, first + tally::most_in_row) |
                 std::views::take_while([&over](std::uint64_t) { return !over.load(); });
  in.tasks.close_row(take_all(in, first,
    pool.map_unordered(troupe::map_options{.buffersize = in_flight}, f, std::move(numbers))));
}

} // namespace torture
