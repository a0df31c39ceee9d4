#include "link/ring.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::link {

namespace {

// Reads each byte of the header once: the writer may change it meanwhile.
frame_header load_header(const std::byte* at) noexcept {
  std::uint64_t words[sizeof(frame_header) / sizeof(std::uint64_t)];
  const auto* shared = reinterpret_cast<const std::uint64_t*>(at);
  for (std::size_t i = 0; i < std::size(words); ++i)
    words[i] = std::atomic_ref<std::uint64_t>(const_cast<std::uint64_t&>(shared[i]))
                 .load(std::memory_order_relaxed);
  frame_header header;
  std::memcpy(&header, words, sizeof header);
  return header;
}

} // namespace

bool ring_writer::has_room(std::size_t need) noexcept {
  if (head_ + need - tail_seen_ <= capacity_)
    return true;
  const auto tail = shared_->tail.load(std::memory_order_acquire);
  // A tail that cannot be is the peer's fault, and costs it the ring: nothing fits any more.
  if (tail < tail_seen_ || tail > head_)
    return false;
  tail_seen_ = tail;
  return head_ + need - tail_seen_ <= capacity_;
}

bool ring_writer::try_write(frame_header header, std::span<const std::byte> first,
  std::span<const std::byte> second) noexcept {
  if (staging_)
    publish_staged();
  const std::size_t length = first.size() + second.size();
  const std::size_t need = sizeof header + align8(length);
  if (!has_room(need))
    return false;
  header.length = static_cast<std::uint32_t>(length);
  std::byte* to = at(head_);
  std::memcpy(to, &header, sizeof header);
  copy(to + sizeof header, first);
  copy(to + sizeof header + first.size(), second);
  head_ += need;
  shared_->head.store(head_, std::memory_order_release);
  return true;
}

bool ring_writer::stage(const frame_header& header, std::size_t least, std::size_t most) noexcept {
  if (staging_)
    publish_staged();
  if (!has_room(sizeof header + align8(least)))
    return false;
  static_cast<void>(has_room(sizeof header + align8(most))); // looks at how far the reader is
  staged_ = header;
  staged_.length = 0;
  most_ = std::min<std::size_t>(most, capacity_ - (head_ - tail_seen_) - sizeof header);
  std::memcpy(at(head_), &staged_, sizeof staged_);
  shared_->staged.store(head_ + sizeof staged_, std::memory_order_release);
  staging_ = true;
  return true;
}

void ring_writer::publish_staged(std::uint8_t flags, std::uint64_t extra) noexcept {
  staging_ = false;
  staged_.flags |= flags;
  staged_.extra = extra;
  std::memcpy(at(head_), &staged_, sizeof staged_);
  head_ += sizeof staged_ + align8(staged_.length);
  shared_->head.store(head_, std::memory_order_release);
}

void ring_writer::ask_for_space() noexcept {
  shared_->wants_space.store(1, std::memory_order_seq_cst);
}

std::optional<ring_reader::frame> ring_reader::next() {
  if (read_ == head_seen_) {
    const auto head = shared_->head.load(std::memory_order_acquire);
    if (head == read_)
      return std::nullopt;
    if (head < read_ || head - released_ > capacity_ || head % 8 != 0)
      throw protocol_violation("ring index out of range");
    head_seen_ = head;
  }
  const std::uint64_t available = head_seen_ - read_;
  if (available < sizeof(frame_header))
    throw protocol_violation("frame header is cut off");
  const std::byte* at = data_ + (read_ & (capacity_ - 1));
  const frame_header header = load_header(at);
  if (header.length > limits::max_piece_bytes(capacity_) ||
      sizeof header + align8(header.length) > available)
    throw protocol_violation("frame length out of range");
  read_ += sizeof header + align8(header.length);
  return frame{header, {at + sizeof header, header.length}};
}

std::optional<ring_reader::frame> ring_reader::staged() {
  const auto head = shared_->head.load(std::memory_order_acquire);
  const auto staged = shared_->staged.load(std::memory_order_acquire);
  // What is staged belongs to the frame at the head if the writer has published nothing in between.
  if (head != read_ || staged <= head || shared_->head.load(std::memory_order_acquire) != head)
    return std::nullopt;
  const auto written = staged - head;
  if (written < sizeof(frame_header) || staged - released_ > capacity_ ||
      written - sizeof(frame_header) > limits::max_piece_bytes(capacity_))
    throw protocol_violation("ring index out of range");
  const std::byte* at = data_ + (head & (capacity_ - 1));
  auto header = load_header(at);
  header.length = static_cast<std::uint32_t>(written - sizeof header);
  return frame{header, {at + sizeof header, header.length}};
}

bool ring_reader::release() noexcept {
  if (released_ == read_)
    return false;
  released_ = read_;
  shared_->tail.store(released_, std::memory_order_seq_cst);
  return shared_->wants_space.load(std::memory_order_seq_cst) != 0 &&
         shared_->wants_space.exchange(0, std::memory_order_seq_cst) != 0;
}

} // namespace troupe::link
