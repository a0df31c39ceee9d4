#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace torture {

/// What is noted of one task. All zero at first.
struct entry {
  // By the task itself, wherever it runs.
  std::atomic<std::uint32_t> begun;
  std::atomic<std::uint32_t> ended;
  std::atomic<pid_t> pid; ///< of the process that began it last

  // By the parent: how it resolved, and which child it blames.
  std::atomic<std::uint32_t> resolved;
  std::atomic<std::uint32_t> how;
  std::atomic<pid_t> blamed;
};

/// The account that tasks and parent keep, in a file that all of them map: it outlives every process that writes into
/// it, and no outcome that the library reports can hide what a task has noted. The file has no name; children find it
/// under their parent's descriptors. Thread-safe.
class account {
public:
  static constexpr std::uint64_t capacity = 16'000'000; // tasks; what is not used costs nothing

  /// The one of this process. In the parent, `make` comes first, before anything is forked.
  static account& here();
  /// Makes the file, and says in the environment where it is. Throws `std::system_error`.
  static void make();

  /// In a child, maps the file if there is one.
  static void look() noexcept;

  account(const account&) = delete;

  /// Throws `std::out_of_range` beyond the capacity.
  entry& of(std::uint64_t task);

  void begin(std::uint64_t task);
  void end(std::uint64_t task) { of(task).ended.fetch_add(1); }

  /// Forgets everything. No task may run meanwhile.
  void clear();

private:
  account();

  int file_ = -1;
  entry* entries_ = nullptr;
};

} // namespace torture
