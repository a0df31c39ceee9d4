#pragma once

#include "base/untouched_array.hpp"
#include "parent/child/child_link.hpp"
#include "parent/child/task_listener.hpp"
#include "policy/cell_book.hpp"
#include "policy/child_port.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
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
  policy::batch_progress close_batch(std::uint32_t cell) override;
  void request_stop(std::uint32_t cell) override;
  bool waits_for_child(std::uint32_t cell) const override {
    return book_.kind_at(cell) == detail::call_kind::blocking && table_.thread_of(cell) == 0;
  }
  std::optional<time_point> started_at(std::uint32_t cell) const override;
  policy::task_key task_in(std::uint32_t cell) const override { return book_.at(cell); }
  policy::tasks_in_child remaining() const override;
  void read() override { link_.read_all(); }
  bool launched() const override { return link_.is_open(); }
  policy::child_pulse pulse() const override;
  pid_t thread_of(std::uint32_t cell) const override;

  /// The number of tasks in the child.
  std::size_t count() const noexcept { return book_.used(); }
  /// The nesting of the task that asks from a cell; 0 for `link::no_cell`. Throws `protocol_violation` if
  /// there is no such task.
  std::uint32_t nesting_of(std::uint32_t cell) const;

  // What the child says. All throw `protocol_violation`.
  void on_outcome(const link::frame_header& header, std::span<const std::byte> payload);
  void on_results(const link::frame_header& header, std::span<const std::byte> payload);
  void on_lend(const link::frame_header& header);
  void on_reclaim(const link::frame_header& header);

private:
  time_point began_at(std::uint32_t cell) const;
  // There is no task in the cell any more.
  void release(std::uint32_t cell) noexcept;
  // Before the first call of a module other than the program itself comes to the child.
  void introduce(std::uint32_t module);

  // What else is known of the task in a cell.
  struct cell_info {
    std::uint64_t sequence = 0; // of its sending: its delivery in the task table
    std::uint32_t nesting = 0;
    bool lent = false;
    // Of a batch, by number of items: those that have not been taken back, those of which the results have come,
    // those of them that have been reported.
    std::uint32_t items = 0;
    std::uint32_t received = 0;
    std::uint32_t told = 0;
  };
  // Results of a batch that have not been reported yet.
  struct batch_results {
    detail::bytes records;
    std::uint32_t items = 0;
    std::uint32_t failed = 0;
  };

  // The task that an outcome is of. Throws `protocol_violation` if it cannot be.
  policy::task_key owner_of(const link::frame_header& header) const;
  // Adds those of the results from number `received` on that have not been reported; how many there are in all.
  // Throws `protocol_violation`.
  std::uint32_t collect(
    batch_results& to, const cell_info& info, std::span<const std::byte> records) const;
  void collect_staged(batch_results& to, std::uint32_t cell);

  child_link& link_;
  task_listener& listener_;
  const std::uint32_t seat_;
  link::cell_table table_;
  policy::cell_book book_;
  base::untouched_array<cell_info> cells_;
  // By cell: the blocks in which arguments lie, which the child may be reading.
  std::unordered_map<std::uint32_t, detail::block_ptr> blocks_in_use_;
  std::unordered_map<std::uint32_t, batch_results> unreported_; // by cell, if there are some
  std::vector<std::uint32_t> introduced_;                       // modules that the child knows: few
  std::uint64_t sent_ = 0;                                      // the number of tasks
  std::size_t lent_ = 0;
  pid_t pid_ = 0;
};

} // namespace troupe::parent
