#pragma once

#include <troupe/detail/std_parts.hpp>
#include <troupe/module_host.hpp>
#include <troupe/task_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {
class runtime;
struct pool_options;
} // namespace troupe

namespace troupe_cli {

/// What is done with each item of a job: a task of a module, or a command. Encodable.
struct item_work {
  std::string module{};
  std::string task{};
  troupe::module_task_kind kind = troupe::module_task_kind::plain;
  /// In which {} is the item; appended where it is not.
  std::vector<std::string> command{};
  std::string directory{}; ///< where the command runs
};

/// One item.
struct item {
  std::string value;
  bool is_text = false; ///< it is text as it stands, else JSON
};

/// What came of an item. Encodable.
struct item_value {
  std::string json{};
  std::int64_t microseconds = 0; ///< that it took in its child
};

/// The result of an item, which may not have come yet. Move-only.
class item_result {
public:
  struct state;
  explicit item_result(std::unique_ptr<state> of) noexcept;
  /// One that is known.
  explicit item_result(item_value value);
  item_result(item_result&&) noexcept;
  item_result& operator=(item_result&&) noexcept;
  ~item_result();

  /// Waits for it. Throws the failure of the item.
  item_value get();
  /// Waits for at most that long, and returns whether it has come.
  bool wait_for(std::chrono::milliseconds time);
  bool done() const noexcept;
  /// Drops it, unless it is done: also what runs.
  void cancel();

private:
  std::unique_ptr<state> state_;
};

/// A pool that runs items. Thread-safe.
class item_pool {
public:
  item_pool(troupe::runtime& rt, troupe::pool_options options);
  item_pool(const item_pool&) = delete;
  item_pool& operator=(const item_pool&) = delete;
  ~item_pool();

  /// Does not wait. Throws `troupe::pool_closed`.
  item_result submit(const troupe::task_options& options, const item_work& work, item one);
  void resize(std::size_t processes);
  /// Replaces its children, one after the other, by some with these options.
  void renew(const troupe::pool_options& now);
  void close();
  void terminate();
  void join();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe_cli
