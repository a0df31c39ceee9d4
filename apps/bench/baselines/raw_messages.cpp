#include "baselines.hpp"
#include "peer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <new>

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bench {

namespace {

// A ring of integers between two processes, one at each end. Both sides spin; they yield after a while, since both
// may be on one core.
class ring {
public:
  void put(const std::int64_t* from, std::size_t count) {
    const auto head = head_.load(std::memory_order_relaxed);
    spin_until([&] { return head - tail_.load(std::memory_order_acquire) + count <= size; });
    for (std::size_t i = 0; i < count; ++i)
      slots_[(head + i) % size] = from[i];
    head_.store(head + count, std::memory_order_release);
  }

  /// Takes what is there, at least one.
  std::size_t take(std::int64_t* to, std::size_t at_most) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    std::size_t there = 0;
    spin_until([&] { return (there = head_.load(std::memory_order_acquire) - tail) > 0; });
    there = std::min(there, at_most);
    for (std::size_t i = 0; i < there; ++i)
      to[i] = slots_[(tail + i) % size];
    tail_.store(tail + there, std::memory_order_release);
    return there;
  }

private:
  static constexpr std::size_t size = 4096;

  template <class Condition>
  static void spin_until(Condition condition) {
    for (unsigned turns = 1; !condition(); ++turns)
      if (turns % 4096 == 0)
        ::sched_yield();
      else
        __builtin_ia32_pause();
  }

  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::array<std::int64_t, size> slots_{};
};

struct two_rings {
  ring there;
  ring back;
};

constexpr std::size_t ring_batch = 256;

void serve_rings(void* argument) {
  auto& rings = *static_cast<two_rings*>(argument);
  std::array<std::int64_t, ring_batch> items;
  for (;;) {
    const auto count = rings.there.take(items.data(), items.size());
    for (std::size_t i = 0; i < count; ++i)
      items[i] *= items[i];
    rings.back.put(items.data(), count);
  }
}

// The word of a side that sleeps counts the messages to it.
struct two_words {
  std::atomic<std::uint32_t> there{0};
  std::atomic<std::uint32_t> back{0};
};

void post(std::atomic<std::uint32_t>& word) {
  word.fetch_add(1, std::memory_order_release);
  wake(reinterpret_cast<std::uint32_t*>(&word)); // what an atomic of 32 bits is on Linux
}

void await_change(const std::atomic<std::uint32_t>& word, std::uint32_t from) {
  while (word.load(std::memory_order_acquire) == from)
    wait_while(reinterpret_cast<const std::uint32_t*>(&word), from);
}

void serve_words(void* argument) {
  auto& words_of_both = *static_cast<two_words*>(argument);
  for (std::uint32_t seen = 0;; ++seen) {
    await_change(words_of_both.there, seen);
    post(words_of_both.back);
  }
}

struct two_events {
  int there = ::eventfd(0, EFD_CLOEXEC);
  int back = ::eventfd(0, EFD_CLOEXEC);

  ~two_events() {
    ::close(there);
    ::close(back);
  }
};

void pass(int from, int to) {
  std::uint64_t count = 1;
  if (to >= 0 && ::write(to, &count, sizeof count) < 0)
    ::_exit(1);
  if (from >= 0 && ::read(from, &count, sizeof count) < 0)
    ::_exit(1);
}

void serve_events(void* argument) {
  const auto& events = *static_cast<two_events*>(argument);
  for (;;) {
    pass(events.there, -1);
    pass(-1, events.back);
  }
}

} // namespace

contender ring_round_trips(long count) {
  return {"raw ring, spinning", [count] {
            const shared_memory memory(sizeof(two_rings));
            auto& rings = *new (memory.data()) two_rings;
            const peer other(serve_rings, &rings);
            return timed_trips(count, [&](std::int64_t i) {
              rings.there.put(&i, 1);
              rings.back.take(&i, 1);
            });
          }};
}

contender ring_items(long count) {
  return {"raw ring, batches of 256", [count]() -> std::vector<reading> {
            const shared_memory memory(sizeof(two_rings));
            auto& rings = *new (memory.data()) two_rings;
            const peer other(serve_rings, &rings);
            std::array<std::int64_t, ring_batch> items{};
            const auto begin = clock::now();
            long sent = 0;
            for (long taken = 0; taken < count;) {
              for (; sent < count && sent - taken < 2048; sent += static_cast<long>(ring_batch))
                rings.there.put(items.data(), items.size());
              taken += static_cast<long>(rings.back.take(items.data(), items.size()));
            }
            return {{"rate", static_cast<double>(count) / seconds_since(begin), "items/s"}};
          }};
}

contender futex_round_trips(long count) {
  return {"futex", [count] {
            const shared_memory memory(sizeof(two_words));
            auto& words_of_both = *new (memory.data()) two_words;
            const peer other(serve_words, &words_of_both);
            std::uint32_t seen = 0;
            return timed_trips(count, [&](long) {
              post(words_of_both.there);
              await_change(words_of_both.back, seen++);
            });
          }};
}

contender eventfd_round_trips(long count) {
  return {"eventfd", [count] {
            two_events events;
            const peer other(serve_events, &events);
            return timed_trips(count, [&](long) { pass(events.back, events.there); });
          }};
}

} // namespace bench
