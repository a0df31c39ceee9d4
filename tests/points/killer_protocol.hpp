#pragma once

#include <cstdint>

namespace troupe::test {

/// What a test tells the killer, which answers each with a `killer_report`.
struct killer_order {
  enum class kind : std::uint32_t {
    trace,   ///< process `number`, and whatever it starts
    at_call, ///< kill the next process that is started before its system call `number`, from 1
    /// Kill it after so many instructions from a `marker::begin` on. Before that one it has passed `skip`.
    at_step,
    tell, ///< what has become of the one that was to be killed
  };
  kind what = kind::tell;
  std::uint64_t number = 0;
  std::uint64_t skip = 0;
};

struct killer_report {
  bool done = false;       ///< it is traced; there was one
  bool killed = false;     ///< otherwise it has lived to its end
  std::uint64_t count = 0; ///< of its system calls, or instructions
  std::uint64_t call = 0;  ///< the last one
  std::int32_t pid = 0;
};

} // namespace troupe::test
