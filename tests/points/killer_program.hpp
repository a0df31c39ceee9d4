#pragma once

#include "points/killer_protocol.hpp"

#include "base/unique_fd.hpp"

#include <sys/types.h>

namespace troupe::test {

/// A killer (killer.cpp) that traces this process and what it starts, as long as this object lives.
class killer_program {
public:
  killer_program();
  killer_program(const killer_program&) = delete;
  killer_program& operator=(const killer_program&) = delete;
  ~killer_program();

  /// Whether it may trace.
  bool traces() const { return traces_; }
  /// Another process as well, if it is not yet.
  void trace(pid_t process);
  /// The next process that a traced one starts is killed so.
  void aim(killer_order::kind what, std::uint64_t number, std::uint64_t skip = 0);
  /// What has become of it.
  killer_report ask();

private:
  killer_report tell(const killer_order& order);

  base::unique_fd socket_;
  pid_t pid_ = 0;
  bool traces_ = false;
};

} // namespace troupe::test
