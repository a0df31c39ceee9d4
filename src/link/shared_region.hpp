#pragma once

#include "core/limits.hpp"
#include "link/ring.hpp"
#include "link/slot_table.hpp"
#include "link/unique_fd.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::link {

/// Says that a side sleeps, so that the other must write its eventfd.
struct doorbell {
  alignas(64) std::atomic<std::uint32_t> sleeping;
};

/// Where the child's fatal signal handler leaves what it knows.
struct crash_area {
  struct frame {
    std::uint64_t offset;
    std::uint32_t module;
    std::uint32_t padding;
  };
  std::atomic<std::uint32_t> written; ///< set last
  std::uint32_t frame_count;
  frame frames[limits::max_stack_frames];
};

/// The beginning of the shared memory. Zero is the initial state of all of it.
struct region_header {
  doorbell parent_bell;
  doorbell child_bell;
  /// Which slot the child's loop executes this moment, plus 1; 0: none.
  alignas(64) std::atomic<std::uint64_t> current;
  ring_indices to_child;
  ring_indices to_parent;
  crash_area crash;
};

/// The shared memory of one link: a sealed memfd, mapped.
///
/// The memory is allocated up front, so that a machine that is out of it gives an error here and
/// never a SIGBUS later; it is sealed, so that no child can truncate it under the parent.
class shared_region {
public:
  /// Makes a new one for a table of `slots`. Throws `std::system_error`.
  explicit shared_region(std::uint32_t slots);
  /// Maps one that was received. Throws `std::system_error`.
  shared_region(unique_fd fd, std::uint32_t slots);
  shared_region(const shared_region&) = delete;
  ~shared_region();

  region_header& header() const noexcept { return *reinterpret_cast<region_header*>(base_); }
  slot_table slots() const noexcept;
  std::byte* to_child_data() const noexcept { return base_ + head_bytes_; }
  std::byte* to_parent_data() const noexcept {
    return base_ + head_bytes_ + 2 * limits::ring_bytes;
  }

  int fd() const noexcept { return fd_.get(); }
  std::uint32_t slot_count() const noexcept { return slots_; }
  /// The mapping keeps the memory; the descriptor is only needed to pass it on.
  void close_fd() noexcept { fd_.reset(); }

private:
  void map();

  unique_fd fd_;
  std::uint32_t slots_;
  std::size_t head_bytes_; // header and slot table, in whole pages
  std::byte* base_ = nullptr;
};

} // namespace troupe::link
