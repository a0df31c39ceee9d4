#include "link/channel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include <unistd.h>

namespace troupe::link {

namespace {

// If there is no room, the peer has not read what woke it before.
void ring(int bell) noexcept {
  const char once = 0;
  while (::write(bell, &once, 1) < 0 && errno == EINTR) {
  }
}

} // namespace

channel::channel(std::shared_ptr<shared_region> region, side which, base::unique_fd own_bell,
  base::unique_fd peer_bell)
  : region_(std::move(region))
  , own_(which == side::parent ? &region_->header().parent_bell : &region_->header().child_bell)
  , peer_(which == side::parent ? &region_->header().child_bell : &region_->header().parent_bell)
  , own_bell_(std::move(own_bell))
  , peer_bell_(std::move(peer_bell))
  , out_(which == side::parent ? ring_writer(region_->header().to_child, region_->to_child_data(),
                                   region_->ring_bytes())
                               : ring_writer(region_->header().to_parent, region_->to_parent_data(),
                                   region_->ring_bytes()))
  , in_(
      which == side::parent
        ? ring_reader(region_->header().to_parent, region_->to_parent_data(), region_->ring_bytes())
        : ring_reader(region_->header().to_child, region_->to_child_data(), region_->ring_bytes()))
  , loses_payloads_(which == side::child)
  , max_piece_(limits::max_piece_bytes(region_->ring_bytes())) {}

bool channel::try_send(
  const frame_header& header, std::span<const std::byte> head, std::span<const std::byte> body) {
  if (!outbox_.empty() || head.size() + body.size() > max_piece_)
    return false;
  const auto alone = hold_ring();
  if (!out_.try_write(header, head, body))
    return false;
  published_ = true;
  return true;
}

bool channel::begin(const frame_header& header, std::size_t least) noexcept {
  if (!outbox_.empty() || least > max_piece_)
    return false;
  published_ = true; // another that was under way
  return out_.stage(header, least, max_piece_);
}

bool channel::begin_with(
  const frame_header& header, std::uint32_t word, std::span<const std::byte> content) noexcept {
  return begin(header, sizeof word + content.size()) && out_.append(word, content);
}

bool channel::append_in_turn(
  const frame_header& header, std::uint32_t word, std::span<const std::byte> content) noexcept {
  const std::lock_guard alone(*writing_);
  return (out_.is_staging(header.cell) && out_.append(word, content)) ||
         begin_with(header, word, content);
}

bool channel::reserve_in_turn(const frame_header& header, std::size_t least) noexcept {
  const auto alone = hold_ring();
  return out_.is_staging(header.cell) || begin(header, least);
}

bool channel::publish_staged(std::uint32_t cell, std::uint8_t flags, std::uint64_t extra) noexcept {
  const auto alone = hold_ring();
  if (!out_.is_staging(cell))
    return false;
  out_.publish_staged(flags, extra);
  published_ = true;
  return true;
}

void channel::enqueue(const frame_header& header, std::span<const std::byte> head,
  std::span<const std::byte> body, std::shared_ptr<const void> owner) {
  const auto alone = hold_ring();
  outbox_.push_back({header, {head.begin(), head.end()}, body, std::move(owner)});
  flush();
}

bool channel::publish(outgoing& message) {
  for (;;) {
    const auto head =
      std::span<const std::byte>(message.head).first(std::min(message.head.size(), max_piece_));
    const auto body = message.body.first(std::min(message.body.size(), max_piece_ - head.size()));
    const bool last = head.size() == message.head.size() && body.size() == message.body.size();
    auto header = message.header;
    if (!last)
      header.flags |= more_follows;
    if (!out_.try_write(header, head, body))
      return false;
    published_ = true;
    message.head.erase(
      message.head.begin(), message.head.begin() + static_cast<std::ptrdiff_t>(head.size()));
    message.body = message.body.subspan(body.size());
    if (last)
      return true;
  }
}

bool channel::flush_outbox() {
  if (outbox_.empty())
    return false;
  const auto alone = hold_ring();
  return flush();
}

bool channel::flush() {
  bool moved = false;
  while (!outbox_.empty()) {
    const auto body_left = outbox_.front().body.size();
    if (!publish(outbox_.front())) {
      out_.ask_for_space();
      // The reader may have made room before it could see the wish.
      if (!publish(outbox_.front()))
        return moved || outbox_.front().body.size() != body_left;
    }
    outbox_.pop_front();
    moved = true;
  }
  return moved;
}

void channel::ring_peer() {
  {
    const auto alone = hold_ring();
    if (!std::exchange(published_, false))
      return;
  }
  // Pairs with the fence in prepare_sleep: either we see that the peer sleeps, or it sees what we wrote.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (peer_->sleeping.load(std::memory_order_relaxed) != 0 &&
      peer_->sleeping.exchange(0, std::memory_order_acq_rel) != 0)
    ring(peer_bell_.get());
}

bool channel::assemble(const ring_reader::frame& piece) {
  if (!assembling_)
    assembling_ = piece.header;
  else if (piece.header.kind != assembling_->kind || piece.header.task != assembling_->task ||
           piece.header.cell != assembling_->cell)
    throw protocol_violation("a message in pieces is interrupted by another");
  if (assembly_.size() + piece.payload.size() > limits::max_message_bytes)
    throw protocol_violation("message too large");
  try {
    if (!assembly_lost_)
      assembly_.insert(assembly_.end(), piece.payload.begin(), piece.payload.end());
  } catch (const std::bad_alloc&) {
    if (!loses_payloads_)
      throw;
    assembly_lost_ = true;
    std::vector<std::byte>().swap(assembly_);
  }
  return (piece.header.flags & more_follows) == 0;
}

bool channel::prepare_sleep() noexcept {
  own_->sleeping.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // A reader that made room before it could see that this side sleeps has not rung.
  return !in_.ready() && (outbox_.empty() || !flush_outbox());
}

void channel::awake() noexcept {
  own_->sleeping.store(0, std::memory_order_relaxed);
}

bool channel::clear_bell() noexcept {
  std::array<char, 256> rings;
  ssize_t count = 0;
  do
    count = ::read(own_bell_.get(), rings.data(), rings.size());
  while (count < 0 && errno == EINTR);
  return count != 0;
}

} // namespace troupe::link
