#pragma once

#include "reading.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// What is compared in one table: the same work, at one place of an axis if there is one.
struct scene {
  std::string title;
  std::string axis{}; // "tasks outstanding"
  std::optional<double> at{};

  std::string text() const;
};

/// One quantity of one contender, in each round.
struct row {
  std::string name;
  std::string what;
  std::string unit;
  std::vector<double> samples{};

  double least() const;
  double median() const;
  double most() const;
};

/// A contender that could not be measured.
struct absence {
  std::string name;
  std::string reason;
};

struct measurement {
  scene of;
  std::vector<row> rows{};
  std::vector<absence> absent{};
};

/// A contender throws this where it is not there: not built, not installed.
class unavailable : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Who does the work of a scene. `run` does it once, and gives the same quantities each time.
struct contender {
  std::string name;
  std::function<std::vector<reading>()> run;
};

/// Runs the contenders turn and turn about, `rounds` times, so that all of them meet the same machine. What a
/// contender throws but `unavailable` ends it.
measurement take_turns(scene of, int rounds, const std::vector<contender>& contenders);

/// The machine and the run, for whoever reads the figures later.
struct circumstances {
  std::string version;
  std::size_t cpus = 0;
  int rounds = 0;
  double load = 0; // the average of the last minute, before the run
};

/// As a table for people, with the ratio of each median to that of the first contender.
std::string as_table(const measurement& measured);

/// Everything, as JSON.
std::string as_json(const circumstances& at, const std::vector<measurement>& all);

} // namespace bench
