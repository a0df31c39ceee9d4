#pragma once

#include "each/run_input.hpp"

#include <troupe/pool_options.hpp>
#include <troupe/task_future.hpp>

#include <string>

namespace troupe {
class pool;
}

namespace troupe_cli {

/// What is done for each input. Between the inputs (input_reader.hpp) and what becomes of their outputs (output_writer.hpp)
/// it is all that differs between commands and other tasks.
class work {
public:
  virtual ~work() = default;

  /// Sets what children need, such as the initializer.
  virtual void set_up(troupe::pool_options& options) const = 0;
  /// Submits an attempt.
  virtual troupe::task_future<input_end> begin(troupe::pool& on, const input_job& job) const = 0;
  /// What it does for the input, as one line that could be typed.
  virtual std::string line(const input& what) const = 0;
  /// Identifies what it does for the input, whatever its number (journal/journal.hpp).
  virtual std::string key(const input& what) const = 0;
};

/// A command for each input, in children that run `run_input` (child_side.hpp).
class command_work : public work {
public:
  explicit command_work(child_settings settings);

  void set_up(troupe::pool_options& options) const override;
  troupe::task_future<input_end> begin(troupe::pool& on, const input_job& job) const override;
  std::string line(const input& what) const override;
  std::string key(const input& what) const override;

private:
  child_settings settings_;
  std::string name_; // of the tasks, for those who watch
};

} // namespace troupe_cli
