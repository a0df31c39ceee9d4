#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::link {

/// One 64-bit word for each task that is in a child: its id and how far it has come. It lies in shared
/// memory and outlives the child, so after a death it tells which tasks were started and which not.
///
///     free ──parent: put──▶ queued ──child: start──▶ started ──child: finish──▶ done
///                             └──parent: revoke──▶ revoked
///
/// `start` and `revoke` are compare-and-swap on one word, so each task is either started or taken back.
/// The parent sets a word free again when it has the outcome, or when it has revoked: a stale frame
/// cannot start the slot's next task, because the id in the word is another.
class slot_table {
public:
  enum class state : std::uint8_t { free = 0, queued = 1, started = 2, done = 3, revoked = 4 };

  slot_table() = default;
  slot_table(std::atomic<std::uint64_t>* words, std::uint32_t size)
    : words_(words)
    , size_(size) {}

  std::uint32_t size() const noexcept { return size_; }

  void put(std::uint32_t slot, std::uint64_t task) noexcept {
    words_[slot].store(word(task, state::queued), std::memory_order_release);
  }
  bool start(std::uint32_t slot, std::uint64_t task) noexcept {
    return swap(slot, word(task, state::queued), word(task, state::started));
  }
  bool revoke(std::uint32_t slot, std::uint64_t task) noexcept {
    return swap(slot, word(task, state::queued), word(task, state::revoked));
  }
  void finish(std::uint32_t slot, std::uint64_t task) noexcept {
    words_[slot].store(word(task, state::done), std::memory_order_release);
  }
  void release(std::uint32_t slot) noexcept { words_[slot].store(0, std::memory_order_release); }

  /// Whether the task has not been started. Any other word than the expected ones counts as started: a
  /// child that scribbles here must not get a task run twice.
  bool is_unstarted(std::uint32_t slot, std::uint64_t task) const noexcept {
    const auto seen = words_[slot].load(std::memory_order_acquire);
    return seen == word(task, state::queued) || seen == word(task, state::revoked);
  }

private:
  static std::uint64_t word(std::uint64_t task, state s) noexcept {
    return task << 3 | static_cast<std::uint64_t>(s);
  }
  bool swap(std::uint32_t slot, std::uint64_t from, std::uint64_t to) noexcept {
    return words_[slot].compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  std::atomic<std::uint64_t>* words_ = nullptr;
  std::uint32_t size_ = 0;
};

} // namespace troupe::link
