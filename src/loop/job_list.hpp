#pragma once

#include "caf/caf_compat.hpp"

#include <cstddef>
#include <new>
#include <vector>

namespace troupe::loop {

/// Actors that have something to do, in their order. An actor that is not put here for lack of memory would
/// never run again, so there is room for some more than there are: as long as memory comes back in time,
/// `push` does not fail.
class job_list {
public:
  job_list() { jobs_.reserve(2 * spare_room); }

  /// Throws `std::bad_alloc` if the room that was left has been used up, and no other has come.
  void push(caf::resumable* job) {
    if (jobs_.capacity() - jobs_.size() <= spare_room)
      make_room();
    jobs_.push_back(job);
  }
  void swap(job_list& other) noexcept { jobs_.swap(other.jobs_); }
  void clear() noexcept { jobs_.clear(); }
  bool empty() const noexcept { return jobs_.empty(); }
  auto begin() const noexcept { return jobs_.begin(); }
  auto end() const noexcept { return jobs_.end(); }

private:
  static constexpr std::size_t spare_room = 64;

  void make_room() noexcept {
    try {
      jobs_.reserve(2 * jobs_.capacity());
    } catch (const std::bad_alloc&) {
      // The next one tries again.
    }
  }

  std::vector<caf::resumable*> jobs_;
};

} // namespace troupe::loop
