#pragma once

#include <troupe/detail/task_state.hpp>
#include <troupe/snapshot.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::policy {

/// Counts what becomes of tasks by their names, or by their functions where they have none. A bounded table:
/// what comes after it is full is counted together. Allocates for names that it has not seen, and nothing else; where
/// there is no memory, those count among the others. O(1) while tasks of one name follow each other, else O(log names).
class task_tally {
public:
  task_tally();

  /// A task has been submitted; where in the table it counts.
  std::uint32_t submitted(const detail::task_state& task) noexcept;

  // So many tasks that count there have ended.

  void ended(std::uint32_t place, std::size_t succeeded, std::size_t failed,
    std::chrono::nanoseconds time) noexcept;
  void cancelled(std::uint32_t place, std::size_t tasks) noexcept {
    counts_[place].cancelled += tasks;
  }

  /// Those that have been seen, in that order.
  std::vector<task_counts> counts() const;

private:
  std::uint32_t place_of(std::string_view name, const code_location& function);
  std::uint32_t new_place(task_counts counts);

  static constexpr std::uint32_t others = 0;
  std::vector<task_counts> counts_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> by_function_;
  std::uint32_t last_ = others; // where the latest task counts
};

/// The function that a task without a name is known by: its own, or what runs a lambda.
code_location function_of(const detail::call_code& code) noexcept;

} // namespace troupe::policy
