#pragma once

#include "base/unique_fd.hpp"
#include "link/frame.hpp"
#include "link/ring.hpp"
#include "link/shared_region.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace troupe::link {

/// One side's view of a link: messages out, messages in, and the two doorbells. A message is a header
/// and a payload of any size; what is larger than a piece travels in several frames.
///
/// Sending never blocks: what finds no room in the ring waits in the outbox, in order. For one thread, but for `append`.
class channel {
public:
  enum class side { parent, child };

  /// `own_bell` is the end of the pipe on which this side is woken, `peer_bell` the end by which it wakes
  /// the other.
  channel(std::shared_ptr<shared_region> region, side which, base::unique_fd own_bell,
    base::unique_fd peer_bell);

  // -- sending --------------------------------------------------------------------------------------

  /// Publishes `head` followed by `body` as one message, if there is room at once; else does nothing.
  bool try_send(
    const frame_header& header, std::span<const std::byte> head, std::span<const std::byte> body);

  /// Sends it as soon as there is room, in pieces if need be. `owner` keeps the memory of `body` alive
  /// until then.
  void enqueue(const frame_header& header, std::span<const std::byte> head,
    std::span<const std::byte> body, std::shared_ptr<const void> owner);

  /// `try_send`, and else `enqueue` with the owner that `make_owner` makes, which must keep the very
  /// memory that `body` refers to.
  template <class MakeOwner>
  void send(const frame_header& header, std::span<const std::byte> head,
    std::span<const std::byte> body, MakeOwner make_owner) {
    if (!try_send(header, head, body))
      enqueue(header, head, body, make_owner());
  }

  // -- a message that grows, of at most one frame ------------------------------------------------------

  /// From now on other threads may `append`, which happens between the messages of the one that has this.
  void share() {
    if (!writing_)
      writing_ = std::make_unique<std::mutex>();
  }
  /// Appends a word and bytes to the results of the batch in the cell of `header`, of which a message is begun if none
  /// is under way. False if there is no room, or other messages wait for room: then nothing has been written of it. Any
  /// other message publishes what there is.
  bool append(
    const frame_header& header, std::uint32_t word, std::span<const std::byte> content) noexcept {
    if (writing_) [[unlikely]]
      return append_in_turn(header, word, content);
    return (out_.is_staging(header.cell) && out_.append(word, content)) ||
           begin_with(header, word, content);
  }
  /// Whether `append` has room for so many bytes, which it has until something else is sent.
  bool reserve(const frame_header& header, std::size_t least) noexcept {
    return (!writing_ && out_.is_staging(header.cell)) || reserve_in_turn(header, least);
  }
  /// Publishes what there is of that of a cell; false if there is nothing that has not been published.
  bool publish_staged(std::uint32_t cell, std::uint8_t flags, std::uint64_t extra) noexcept;
  /// What the peer has written of such a message, when `receive` has nothing more. Throws `protocol_violation`.
  std::optional<ring_reader::frame> staged() { return in_.staged(); }

  /// True if everything has been published.
  bool outbox_empty() const noexcept { return outbox_.empty(); }

  /// Moves on with the outbox; true if something was published.
  bool flush_outbox();

  /// Something outside of the rings is news to the peer.
  void announce() noexcept {
    const auto alone = hold_ring();
    published_ = true;
  }

  /// Wakes the peer if it sleeps and something was published for it since the last call.
  void ring_peer();

  // -- receiving ------------------------------------------------------------------------------------

  /// Hands whole messages to `handle(header, payload)`, up to `limits::frames_per_turn` frames; true if
  /// there was a frame. The payload lies in shared memory unless it came in pieces. In a child, one in pieces for
  /// which there is no memory is lost: `payload_lost` is set, the payload is empty. `handle` may
  /// destroy the channel if it returns false, which ends the call. Throws `protocol_violation`.
  template <class Handle>
  bool receive(Handle handle);

  // -- sleeping -------------------------------------------------------------------------------------

  int bell_fd() const noexcept { return own_bell_.get(); }
  /// Announces that this side is about to sleep; false if there is something to do after all.
  bool prepare_sleep() noexcept;
  void awake() noexcept;
  /// Silences the bell after it woke this side; false if nobody is left who could ring it.
  bool clear_bell() noexcept;

  shared_region& region() const noexcept { return *region_; }
  const std::shared_ptr<shared_region>& shared() const noexcept { return region_; }

private:
  struct outgoing {
    frame_header header;
    std::vector<std::byte> head;
    std::span<const std::byte> body;
    std::shared_ptr<const void> owner;
  };

  // The ring to write to, for as long as the result lives. Nobody waits for it where one thread writes.
  std::unique_lock<std::mutex> hold_ring() const {
    return writing_ ? std::unique_lock(*writing_) : std::unique_lock<std::mutex>();
  }
  // What is not the usual case of `reserve` and `append`.
  bool reserve_in_turn(const frame_header& header, std::size_t least) noexcept;
  bool append_in_turn(
    const frame_header& header, std::uint32_t word, std::span<const std::byte> content) noexcept;
  // These have the ring.
  bool begin(const frame_header& header, std::size_t least) noexcept;
  bool begin_with(
    const frame_header& header, std::uint32_t word, std::span<const std::byte> content) noexcept;
  bool flush();
  bool publish(outgoing& message); // as many pieces as fit; true when it is all out
  // Collects a message that comes in pieces; true if `header` was its last.
  bool assemble(const ring_reader::frame& piece);

  std::shared_ptr<shared_region> region_;
  doorbell* own_;
  doorbell* peer_;
  base::unique_fd own_bell_;
  base::unique_fd peer_bell_;
  ring_writer out_;
  ring_reader in_;
  const bool loses_payloads_;
  const std::size_t max_piece_;
  std::unique_ptr<std::mutex> writing_; // null as long as one thread writes
  std::deque<outgoing> outbox_;         // changed by the one thread, which holds the ring meanwhile
  std::vector<std::byte> assembly_;
  std::optional<frame_header> assembling_; // the message in pieces that is under way
  bool assembly_lost_ = false;
  bool published_ = false;
};

template <class Handle>
bool channel::receive(Handle handle) {
  const auto keep = region_; // `handle` may destroy this
  std::size_t count = 0;
  while (count < limits::frames_per_turn) {
    const auto frame = in_.next();
    if (!frame)
      break;
    ++count;
    const bool in_pieces = assembling_ || (frame->header.flags & more_follows) != 0;
    if (!in_pieces) {
      if (!handle(frame->header, frame->payload))
        return true;
    } else if (assemble(*frame)) {
      const auto whole = std::exchange(assembly_, {});
      assembling_.reset();
      auto header = frame->header;
      if (std::exchange(assembly_lost_, false))
        header.flags |= payload_lost;
      if (!handle(header, std::span<const std::byte>(whole)))
        return true;
    }
  }
  if (in_.release())
    announce(); // room is news to a writer that waits for it
  return count > 0;
}

} // namespace troupe::link
