#pragma once

#include <cstdint>

namespace troupe::test {

/// While it lives, one allocation of the threads of that name fails: the `nth` from now on, counted from 1.
/// For test programs that are linked with failing_allocation.cpp, which replaces `operator new`. With
/// TROUPE_SHOW in the environment, it shows where.
class failing_allocation {
public:
  failing_allocation(const char* thread_name, std::int64_t nth);
  failing_allocation(const failing_allocation&) = delete;
  failing_allocation& operator=(const failing_allocation&) = delete;
  ~failing_allocation();

  /// Whether that many allocations have been made.
  bool reached() const noexcept;
};

/// The same, but that allocation waits until `release` is called, and then succeeds: so a test sees what
/// happens while a thread stands between two steps. Not beside a `failing_allocation`.
class held_allocation {
public:
  held_allocation(const char* thread_name, std::int64_t nth);
  held_allocation(const held_allocation&) = delete;
  held_allocation& operator=(const held_allocation&) = delete;
  ~held_allocation();

  /// Whether the thread has come to it.
  bool reached() const noexcept;
  void release() noexcept;
};

/// While it lives, each deallocation of the threads of that name takes 50 ms: so a test sees what a thread still
/// keeps when it is late.
class slow_deallocations {
public:
  explicit slow_deallocations(const char* thread_name);
  slow_deallocations(const slow_deallocations&) = delete;
  slow_deallocations& operator=(const slow_deallocations&) = delete;
  ~slow_deallocations();
};

} // namespace troupe::test
