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
  /// Ends the attempt at an input, or all that run, whose tasks then have that as their result; and whatever is begun
  /// later, if it is all. May be called again.
  virtual void end(troupe::pool& on, std::uint64_t number) const = 0;
  virtual void end_all(troupe::pool& on) const = 0;
  /// What it does for the input, as one line that could be typed.
  virtual std::string line(const input& what) const = 0;
  /// Identifies what it does for the input, whatever its number (journal/journal.hpp).
  virtual std::string key(const input& what) const = 0;
};

/// A command for each input, in children that run `run_input` (child_side.hpp).
class command_work : public work {
public:
  explicit command_work(child_settings settings)
    : settings_(std::move(settings)) {}

  void set_up(troupe::pool_options& options) const override;
  troupe::task_future<input_end> begin(troupe::pool& on, const input_job& job) const override;
  void end(troupe::pool& on, std::uint64_t number) const override;
  void end_all(troupe::pool& on) const override;
  std::string line(const input& what) const override;
  std::string key(const input& what) const override;

private:
  child_settings settings_;
};

} // namespace troupe_cli
