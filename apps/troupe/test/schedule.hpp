#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe_cli::test {

/// What a job needs in order to run.
struct demand {
  unsigned weight = 1;
  bool serial = false;
  std::vector<std::string> exclusive{};
  std::vector<std::size_t> after{}; ///< jobs that must have ended
  double priority = 0;              ///< higher ones are started first
};

/// Which job may be started next: by priority, as far as there is room for its weight and nothing runs that excludes
/// it. A job that takes all the room waits until enough of it is free, and nothing overtakes it then, so that none
/// starves. Pure.
class schedule {
public:
  /// `width` is the weight that may run at once, at least 1; a job that weighs more runs alone.
  explicit schedule(unsigned width);

  /// Adds a job, and returns its number: 0, 1, ... Jobs after which it comes may be added later.
  std::size_t add(demand what);
  /// Adds a job that is to be started before all others that may be.
  std::size_t add_first(demand what);

  /// The next job, which counts as running from then on.
  std::optional<std::size_t> next();
  void ended(std::size_t job);

  /// Jobs that have not been started are not going to be.
  void drop_waiting();

  std::size_t running() const { return running_; }
  std::size_t waiting() const { return waiting_.size(); }

private:
  bool may_run(const demand& what) const;
  unsigned weight_of(const demand& what) const;

  unsigned width_;
  std::vector<demand> demands_;
  std::vector<bool> ended_;
  std::vector<std::size_t> waiting_; // sorted when next() is called
  bool sorted_ = true;
  std::multiset<std::string> held_; // words of exclusion of what runs
  unsigned weight_ = 0;             // of what runs
  std::size_t running_ = 0;
  bool serial_runs_ = false;
  double first_priority_ = 0;
};

} // namespace troupe_cli::test
