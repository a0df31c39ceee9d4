#pragma once

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "link/cell_table.hpp"
#include "link/ring.hpp"
#include "link/wishes.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::link {

/// Says that a side sleeps, so that the other must ring its bell.
struct doorbell {
  alignas(64) std::atomic<std::uint32_t> sleeping;
};

/// Where the child's fatal signal handler leaves what it knows, the most important first: it may itself come to an end
/// by what the program has damaged.
struct crash_area {
  struct frame {
    std::uint64_t offset;
    std::uint32_t module;
    std::uint32_t padding;
  };
  /// A module that frames are in.
  struct module {
    std::uint32_t id;
    std::uint32_t build_id_bytes;
    std::uint8_t build_id[limits::max_crash_build_id_bytes];
    char path[limits::max_module_path_bytes]; ///< ends with a zero
  };
  /// Which cell the thread that ended the process executed, plus 1; `no_task`; 0: not known.
  std::atomic<std::uint64_t> culprit;
  static constexpr std::uint64_t no_task = ~std::uint64_t{0};
  std::atomic<std::uint32_t> crashing; ///< the number of the first thread to crash
  std::atomic<std::uint32_t> written;  ///< what follows, up to the message; set when it is there
  std::uint32_t signal;
  std::uint32_t sender; ///< the process that has sent the signal, if it is another
  std::uint64_t address;
  std::uint32_t has_address;
  std::uint32_t stack_overflow;
  char thread_name[16];
  /// What was said of the end, also by other means than a signal; its length is set when it is there.
  std::atomic<std::uint32_t> message_bytes;
  char message[limits::max_crash_message_bytes];
  std::uint32_t frame_count;
  std::uint32_t module_count;
  std::atomic<std::uint32_t> complete; ///< set last
  frame frames[limits::max_stack_frames];
  module modules[limits::max_crash_modules];
};

/// Where the threads of the child leave their stacks when the parent asks for them, by a signal to each.
struct stack_area {
  struct thread {
    std::atomic<std::uint32_t> answered; ///< to which question; set last
    std::uint32_t id;
    std::uint64_t task; ///< that it executes, or 0
    std::uint32_t frame_count;
    crash_area::frame frames[limits::max_stack_frames];
  };
  /// The number of the present question; 0: there has been none.
  std::atomic<std::uint32_t> question;
  std::atomic<std::uint32_t> places_taken;
  thread threads[limits::max_shown_threads];
};

/// The beginning of the shared memory. Zero is the initial state of all of it.
struct region_header {
  doorbell parent_bell;
  doorbell child_bell;
  /// Which cell the child's loop executes this moment, plus 1; 0: none.
  alignas(64) std::atomic<std::uint64_t> current;
  /// The number of tasks that the child has taken in so far: the next one is on its way in.
  std::atomic<std::uint64_t> taken_in;
  wishes wanted;
  /// The segments for results that the parent has done with, by their places: the child may write into them again.
  alignas(64) std::atomic<std::uint64_t> returned;
  ring_indices to_child;
  ring_indices to_parent;
  crash_area crash;
  stack_area stacks;
};

/// How large a link is.
struct link_size {
  std::uint32_t cells = 0;
  std::uint32_t ring_bytes = limits::ring_bytes; ///< a power of two, in whole pages
};

/// The shared memory of one link: a sealed memfd, mapped.
///
/// A page of it costs nothing until it is touched. Only where the kernel could refuse it then, which would be a SIGBUS, the
/// memory is allocated up front, and is an error here if there is none. The file is sealed, so that no child can truncate
/// it under the parent.
class shared_region {
public:
  /// Makes a new one. Throws `std::system_error`.
  explicit shared_region(link_size size);
  /// Maps one that was received. Throws `std::system_error`.
  shared_region(base::unique_fd fd, link_size size);
  shared_region(const shared_region&) = delete;
  ~shared_region();

  region_header& header() const noexcept { return *reinterpret_cast<region_header*>(base_); }
  cell_table cells() const noexcept;
  link::stop_marks stop_marks() const noexcept;
  std::byte* to_child_data() const noexcept { return base_ + head_bytes_; }
  std::byte* to_parent_data() const noexcept { return to_child_data() + 2 * ring_bytes(); }

  int fd() const noexcept { return fd_.get(); }
  std::uint32_t cell_count() const noexcept { return size_.cells; }
  std::size_t ring_bytes() const noexcept { return size_.ring_bytes; }
  /// Puts memory of this process alone in the place of the shared one: what is written there reaches nobody
  /// any more. False if that fails. Async-signal-safe.
  bool detach() noexcept;
  /// The mapping keeps the memory; the descriptor is only needed to pass it on.
  void close_fd() noexcept { fd_.reset(); }

private:
  void map();
  std::size_t mapped_bytes() const noexcept { return head_bytes_ + 4 * ring_bytes(); }

  base::unique_fd fd_;
  const link_size size_;
  std::size_t head_bytes_; // header, cell table and stop marks, in whole pages
  std::byte* base_ = nullptr;
};

} // namespace troupe::link
