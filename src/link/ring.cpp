#include "link/ring.hpp"

#include "base/limits.hpp"

#include <cstring>

namespace troupe::link {

namespace {

void copy(std::byte* to, std::span<const std::byte> from) noexcept {
  if (!from.empty())
    std::memcpy(to, from.data(), from.size());
}

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

bool ring_writer::try_write(frame_header header, std::span<const std::byte> first,
  std::span<const std::byte> second) noexcept {
  const std::size_t length = first.size() + second.size();
  const std::size_t need = sizeof header + align8(length);
  if (head_ + need - tail_seen_ > capacity_) {
    const auto tail = shared_->tail.load(std::memory_order_acquire);
    // A tail that cannot be is the peer's fault, and costs it the ring: nothing fits any more.
    if (tail < tail_seen_ || tail > head_)
      return false;
    tail_seen_ = tail;
    if (head_ + need - tail_seen_ > capacity_)
      return false;
  }
  header.length = static_cast<std::uint32_t>(length);
  std::byte* at = data_ + (head_ & (capacity_ - 1));
  std::memcpy(at, &header, sizeof header);
  copy(at + sizeof header, first);
  copy(at + sizeof header + first.size(), second);
  head_ += need;
  shared_->head.store(head_, std::memory_order_release);
  return true;
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

bool ring_reader::release() noexcept {
  if (released_ == read_)
    return false;
  released_ = read_;
  shared_->tail.store(released_, std::memory_order_seq_cst);
  return shared_->wants_space.load(std::memory_order_seq_cst) != 0 &&
         shared_->wants_space.exchange(0, std::memory_order_seq_cst) != 0;
}

} // namespace troupe::link
