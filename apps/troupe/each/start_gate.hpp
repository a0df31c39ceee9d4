#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace troupe_cli {

/// When the next command may be started, and whether one has to be ended: by the time since the last start, the load of
/// the machine, and its free memory. Load and memory are looked at once a second at most.
class start_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct limits {
    std::chrono::milliseconds delay{0};
    double load = 0;         ///< 0: whatever it is
    std::size_t memfree = 0; ///< bytes; 0: whatever is free
  };
  /// What the machine says; nothing if it cannot be known.
  struct machine {
    std::function<std::optional<double>()> load;
    std::function<std::optional<std::size_t>()> free_memory;
  };

  start_gate(const limits& wanted, machine asked);
  static machine this_machine();

  /// Whether a command may be started now.
  bool open(time_point now);
  /// When to ask again; the end of time if it is open.
  time_point next(time_point now) const;
  void started(time_point now) { last_start_ = now; }
  /// Whether less than half of the memory is free that should be; once for each look at it.
  bool must_end_one(time_point now);
  /// Why it is closed for longer than the delay, or empty.
  const std::string& note() const { return note_; }

private:
  void look(time_point now);

  limits limits_;
  machine machine_;
  std::optional<time_point> last_start_;
  std::optional<time_point> last_look_;
  std::string note_;
  bool far_too_little_ = false;
};

} // namespace troupe_cli
