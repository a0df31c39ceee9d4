#include "child/runtime/segments.hpp"

#include "child/runtime/copies.hpp"
#include "child/runtime/exits.hpp"
#include "link/control_socket.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace troupe::child {

using link::segment;
using link::segment_use;

/// Those for results. Which of them this child may write into is said by bits in shared memory: who takes the bit
/// away has the segment (parent/child/result_segments.hpp).
class segments::results final : public segment::keeper,
                                public std::enable_shared_from_this<segments::results> {
public:
  explicit results(std::shared_ptr<link::shared_region> region)
    : region_(std::move(region)) {}

  void add(const link::segment_notice& notice, base::unique_fd fd) {
    if (notice.place >= 64)
      leave(exit_protocol);
    auto mapped =
      segment::map(std::move(fd), notice.number, notice.size, true, true, shared_from_this());
    mapped->take_fd().reset();
    const auto bit = std::uint64_t{1} << notice.place;
    const std::lock_guard lock(mutex_);
    // One that had this place has been given up, although that message may not have been read yet.
    std::erase_if(entries_, [&](const entry& one) { return one.bit == bit; });
    entries_.push_back({notice.number, bit, std::move(mapped), false});
    returned().fetch_or(bit);
  }

  void remove(std::uint64_t number) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const entry& one) { return one.number == number; });
  }

  detail::block_ptr get(std::size_t size) noexcept {
    const std::lock_guard lock(mutex_);
    entry* best = nullptr;
    for (auto& one : entries_)
      if (one.owned != nullptr && one.owned->capacity() >= size &&
          (best == nullptr || one.owned->capacity() < best->owned->capacity()) &&
          (returned().load() & one.bit) != 0)
        best = &one;
    if (best == nullptr || (returned().fetch_and(~best->bit) & best->bit) == 0)
      return nullptr; // the parent was faster, and gives it up
    return segment::lend(std::move(best->owned));
  }

  // It goes to the parent, if it is one of these.
  bool hand_over(const detail::memory_block& block) noexcept {
    const std::lock_guard lock(mutex_);
    for (auto& one : entries_)
      if (one.number == block.number() && one.owned == nullptr)
        return one.handed_over = true;
    return false;
  }

  void take(std::unique_ptr<segment> unused) noexcept override {
    const std::lock_guard lock(mutex_);
    for (auto& one : entries_)
      if (one.number == unused->number()) {
        one.owned = std::move(unused);
        if (!std::exchange(one.handed_over, false))
          returned().fetch_or(one.bit);
        return;
      }
  }

private:
  struct entry {
    std::uint64_t number = 0;
    std::uint64_t bit = 0;
    std::unique_ptr<segment> owned; // null: a result lies in it
    bool handed_over = false;
  };

  std::atomic<std::uint64_t>& returned() const noexcept { return region_->header().returned; }

  const std::shared_ptr<link::shared_region> region_;
  std::mutex mutex_;
  std::vector<entry> entries_;
};

/// Shared buffers of which nothing is left in this process: the parent is told.
class segments::buffers final : public segment::keeper {
public:
  void on_let_go(std::function<void(std::uint64_t, std::uint64_t)> told) {
    told_ = std::move(told);
  }
  void take(std::unique_ptr<segment> unused) noexcept override {
    link::forget_buffer(*unused);
    try {
      if (told_ && !is_copy())
        told_(unused->number(), unused->times_told);
    } catch (const std::exception&) {
      // No memory: the parent keeps it until this child ends.
    }
  }

private:
  std::function<void(std::uint64_t, std::uint64_t)> told_; // set before there are any
};

segments::segments(base::unique_fd control, std::shared_ptr<link::shared_region> region)
  : control_(std::move(control))
  , results_(std::make_shared<results>(std::move(region)))
  , buffers_(std::make_shared<buffers>()) {}

void segments::on_let_go(std::function<void(std::uint64_t, std::uint64_t)> told) {
  buffers_->on_let_go(std::move(told));
}

detail::block_ptr segments::take_for_result(std::size_t size) noexcept {
  return results_->get(size);
}

void segments::forget(std::uint64_t number) noexcept {
  arguments_.erase(number);
  results_->remove(number);
}

// -- what the parent tells ------------------------------------------------------------------------------

bool segments::read_notice() {
  link::segment_notice notice;
  base::unique_fd fd;
  switch (link::receive_control(control_.get(), &notice, sizeof notice, &fd, 1)) {
  case link::receive_result::nothing:
    return false;
  case link::receive_result::closed:
    leave(exit_parent_gone); // or a task has closed what is not its own
  case link::receive_result::message:
    break;
  }
  if (notice.magic != link::notice_magic)
    leave(exit_protocol);
  take_notice(notice, std::move(fd));
  return true;
}

void segments::read_notices() {
  while (read_notice()) {
  }
}

// What cannot be mapped, for want of memory or descriptors, is missed by whoever needs it.
void segments::take_notice(const link::segment_notice& notice, base::unique_fd fd) {
  try {
    switch (notice.use) {
    case segment_use::argument: {
      auto& known = arguments_[notice.number];
      if (!fd)
        return;
      auto mapped = segment::map(std::move(fd), notice.number, notice.size, false, false, nullptr);
      mapped->take_fd().reset();
      known = segment::lend(std::move(mapped));
      return;
    }
    case segment_use::result:
      if (fd)
        results_->add(notice, std::move(fd));
      return;
    case segment_use::buffer:
      take_buffer(notice, std::move(fd));
      return;
    }
  } catch (const std::exception&) {
    return;
  }
  leave(exit_protocol);
}

void segments::take_buffer(const link::segment_notice& notice, base::unique_fd fd) {
  auto& coming = arriving_[notice.number];
  ++coming.messages;
  if (!coming.block)
    coming.block = link::find_buffer(notice.number);
  if (!coming.block && fd) {
    auto mapped = segment::map(std::move(fd), notice.number, notice.size, true, false, buffers_);
    mapped->take_fd().reset();
    link::remember_buffer(*mapped);
    coming.block = segment::lend(std::move(mapped));
  }
  if (coming.block)
    ++static_cast<segment&>(*coming.block).times_told;
}

void segments::await_notice(const std::function<void()>& urge) {
  while (!read_notice()) {
    urge();
    pollfd waited{control_.get(), POLLIN, 0};
    ::poll(&waited, 1, 10); // the parent may have found the socket full again
  }
}

link::received_blocks segments::unpack(std::span<const std::byte> payload,
  std::span<const std::byte>& rest, const std::function<void()>& urge) {
  const auto names = link::read_segment_list(payload);
  rest = names.rest;
  link::received_blocks result;
  if (names.body != 0) {
    while (!arguments_.contains(names.body))
      await_notice(urge);
    result.body = arguments_[names.body];
    result.body_size = names.body_size;
    result.lacks_memory = !result.body;
    if (result.lacks_memory)
      arguments_.erase(names.body);
    else if (names.body_size > result.body->capacity())
      throw link::protocol_violation("a payload that is longer than its segment");
  }
  for (const auto number : names.attached) {
    while (!arriving_.contains(number))
      await_notice(urge);
    auto& coming = arriving_[number];
    if (coming.block)
      result.attached.push_back(coming.block);
    if (--coming.messages == 0)
      arriving_.erase(number);
  }
  return result;
}

// -- what is sent ---------------------------------------------------------------------------------------

segments::packed segments::pack(std::span<const std::byte> head, const detail::bytes& body) {
  packed result;
  auto* const block = body.block();
  result.has_body = block != nullptr && results_->hand_over(*block);
  if (result.has_body || body.attached(0) != nullptr)
    result.head = link::segment_list_of(body, result.has_body, head);
  return result;
}

} // namespace troupe::child
