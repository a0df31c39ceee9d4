#pragma once

#include "parent/child/child_link.hpp"
#include "parent/child/task_listener.hpp"
#include "policy/cell_book.hpp"
#include "policy/child_port.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace troupe::parent {

/// The tasks in one child: the parent's side of its task table, and of what the child says of them.
class child_tasks final : public policy::child_port {
public:
  /// `modules` are those that the child is told of when it is set up.
  child_tasks(child_link& link, task_listener& told, std::uint32_t seat,
    const std::vector<link::module_notice>& modules);
  child_tasks(const child_tasks&) = delete;

  /// The child's process is known.
  void launched(pid_t pid) noexcept { pid_ = pid; }

  std::uint32_t send(
    policy::task_key key, const detail::task_ptr& task, std::uint32_t attempt) override;
  bool take_back(std::uint32_t cell) override;
  void request_stop(std::uint32_t cell) override;
  std::optional<time_point> started_at(std::uint32_t cell) const override;
  policy::task_key task_in(std::uint32_t cell) const override { return book_.at(cell); }
  policy::tasks_in_child remaining() const override;
  void read() override { link_.read_all(); }
  policy::child_pulse pulse() const override;

  /// The number of tasks in the child.
  std::size_t count() const noexcept { return book_.used(); }
  /// The nesting of the task that asks from a cell; 0 for `link::no_cell`. Throws `protocol_violation` if
  /// there is no such task.
  std::uint32_t nesting_of(std::uint32_t cell) const;

  // What the child says. All throw `protocol_violation`.
  void on_outcome(const link::frame_header& header, std::span<const std::byte> payload);
  void on_lend(const link::frame_header& header);
  void on_reclaim(const link::frame_header& header);

private:
  // Before the first call of a module other than the program itself comes to the child.
  void introduce(std::uint32_t module);

  // What else is known of the task in a cell.
  struct cell_info {
    std::uint64_t sequence = 0; // of its sending
    std::uint32_t nesting = 0;
    bool lent = false;
  };

  child_link& link_;
  task_listener& listener_;
  const std::uint32_t seat_;
  link::cell_table table_;
  policy::cell_book book_;
  std::vector<cell_info> cells_;
  std::vector<std::uint32_t> introduced_; // modules that the child knows: few
  std::uint64_t sent_ = 0;                // the number of tasks
  std::size_t lent_ = 0;
  pid_t pid_ = 0;
};

} // namespace troupe::parent
