#pragma once

#include "link/frame.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace troupe::link {

/// The shared indices of one ring. They count bytes and never wrap.
struct ring_indices {
  alignas(64) std::atomic<std::uint64_t> head;        ///< written up to here
  alignas(64) std::atomic<std::uint64_t> tail;        ///< read up to here
  alignas(64) std::atomic<std::uint32_t> wants_space; ///< the writer waits for `tail` to move
  alignas(64) std::atomic<std::uint64_t> staged; ///< past `head`: written, and not yet announced
};

/// A single-producer, single-consumer ring of frames in shared memory. Its memory is mapped twice in a
/// row, so that no frame is ever cut by the ring's end.
class ring_writer {
public:
  /// `data` has `capacity` bytes, mirrored behind themselves; `capacity` is a power of two.
  ring_writer(ring_indices& shared, std::byte* data, std::size_t capacity)
    : shared_(&shared)
    , data_(data)
    , capacity_(capacity) {}

  /// Writes and publishes a frame whose payload is `first` followed by `second`; false if there is no
  /// room. Wait-free. `header.length` is set here. A frame that grows is published before it.
  bool try_write(frame_header header, std::span<const std::byte> first,
    std::span<const std::byte> second = {}) noexcept;

  // -- a frame that grows: what has been written survives the writer, though it is not yet announced ----

  /// Begins a frame that may grow to at most `most` bytes of payload; false if there is no room for `least`.
  bool stage(const frame_header& header, std::size_t least, std::size_t most) noexcept;
  /// Whether one of that cell is under way.
  bool is_staging(std::uint32_t cell) const noexcept { return staging_ && staged_.cell == cell; }
  /// Appends a word and bytes to it; false if there is no room.
  bool append(std::uint32_t word, std::span<const std::byte> content) noexcept {
    const auto length = staged_.length + sizeof word + content.size();
    if (length > most_)
      return false;
    std::byte* to = at(head_) + sizeof staged_ + staged_.length;
    std::memcpy(to, &word, sizeof word);
    copy(to + sizeof word, content);
    staged_.length = static_cast<std::uint32_t>(length);
    shared_->staged.store(head_ + sizeof staged_ + length, std::memory_order_release);
    return true;
  }
  /// Publishes what there is of it; `flags` and `extra` are added to its header.
  void publish_staged(std::uint8_t flags = 0, std::uint64_t extra = 0) noexcept;

  /// Asks the reader to ring the doorbell when it has made room. Then try once more before sleeping.
  void ask_for_space() noexcept;

private:
  // What is as short as a number most often is copied without a call.
  static void copy(std::byte* to, std::span<const std::byte> from) noexcept {
    if (from.size() == 4)
      std::memcpy(to, from.data(), 4);
    else if (from.size() == 8)
      std::memcpy(to, from.data(), 8);
    else if (!from.empty())
      std::memcpy(to, from.data(), from.size());
  }
  // Whether so many bytes from `head_` on are free, in a ring whose tail may have moved.
  bool has_room(std::size_t need) noexcept;
  std::byte* at(std::uint64_t position) const noexcept {
    return data_ + (position & (capacity_ - 1));
  }

  ring_indices* shared_;
  std::byte* data_;
  std::size_t capacity_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_seen_ = 0;
  bool staging_ = false;
  frame_header staged_{}; // whose length grows
  std::size_t most_ = 0;  // that it may grow to
};

class ring_reader {
public:
  ring_reader(ring_indices& shared, const std::byte* data, std::size_t capacity)
    : shared_(&shared)
    , data_(data)
    , capacity_(capacity) {}

  struct frame {
    frame_header header;
    std::span<const std::byte> payload; ///< in shared memory: copy before looking at it twice
  };

  /// The next frame, which stays in place until `release`; nothing if there is none. Trusts nothing
  /// that it reads: throws `protocol_violation` if indices or length cannot be.
  std::optional<frame> next();

  /// What the writer has written of a frame that grows, once `next` has nothing: also of a writer that is gone. It
  /// may be read again, and is read by `next` when it has been published. Throws as `next`.
  std::optional<frame> staged();

  /// True if `next` has something.
  bool ready() const noexcept { return shared_->head.load(std::memory_order_acquire) != read_; }

  /// Gives the room of all frames read so far back to the writer; true if the writer waits for that.
  bool release() noexcept;

private:
  ring_indices* shared_;
  const std::byte* data_;
  std::size_t capacity_;
  std::uint64_t read_ = 0;     // up to here frames have been handed out
  std::uint64_t released_ = 0; // the tail as published
  std::uint64_t head_seen_ = 0;
};

} // namespace troupe::link
