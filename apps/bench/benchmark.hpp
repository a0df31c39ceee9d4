#pragma once

#include "report.hpp"

#include <troupe/pool.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// What the command line says.
struct settings {
  int rounds = 3;
  bool compare = false; // baselines run as well
  bool small = false;   // sizes at which everything runs within seconds, to try it out
  bool brief = false;   // only the most telling scenes
  long count = 0;       // instead of a workload's own; 0: that
  long window = 0;      // the same

  /// How many of something.
  long sized(long usual, long small_size) const {
    return count > 0 ? count : small ? small_size : usual;
  }
  /// One of the two, also where a number was given.
  long either(long usual, long small_size) const { return small ? small_size : usual; }
};

/// One run of the program: what workloads need, and what becomes of their figures.
class benchmark {
public:
  benchmark(troupe::runtime& owner, const settings& chosen, bool json)
    : rt(owner)
    , with(chosen)
    , json_(json) {}

  troupe::runtime& rt;
  const settings with;

  /// Measures, and shows the table at once unless JSON is wanted. `baselines` take part if they are asked for.
  void measure(
    scene of, std::vector<contender> contenders, const std::vector<contender>& baselines = {});

  const std::vector<measurement>& measured() const { return measured_; }

private:
  bool json_;
  std::vector<measurement> measured_;
};

/// The task of most workloads.
inline std::int64_t square(std::int64_t x) {
  return x * x;
}

/// Throws if that is not the square of `x`.
void check_square(std::int64_t x, std::int64_t result);

/// Waits until each child of the pool has run a task.
void warm_up(troupe::pool& pool);

/// A workload is a sub-command: measures its scenes, one after the other.
struct workload {
  const char* name;
  const char* summary;
  void (*run)(benchmark&);
  bool in_selection = false;      // also run if no sub-command is given
  bool all_start_methods = false; // wants a runtime that can fork copies of the program
};

const std::vector<workload>& all_workloads();

} // namespace bench
