#include "baselines.hpp"
#include "peer.hpp"

#include <atomic>
#include <cstring>
#include <new>

namespace bench {

namespace {

// Takes turns by a word: even is the caller's turn, odd the peer's.
struct turn_word {
  std::atomic<std::uint32_t> turn{0};

  std::uint32_t* word() { return reinterpret_cast<std::uint32_t*>(&turn); }
  void await(std::uint32_t odd) {
    for (auto now = turn.load(std::memory_order_acquire); now % 2 != odd;
         now = turn.load(std::memory_order_acquire))
      wait_while(word(), now);
  }
  void pass() {
    turn.fetch_add(1, std::memory_order_release);
    wake(word());
  }
};

struct copying {
  turn_word* turns;
  std::byte* shared;
  std::byte* own; // of the peer: its copy of the page is made when it first writes
  std::size_t size;
};

void serve_copies(void* argument) {
  const auto& with = *static_cast<copying*>(argument);
  for (;;) {
    with.turns->await(1);
    std::memcpy(with.own, with.shared, with.size);
    std::memcpy(with.shared, with.own, with.size);
    with.turns->pass();
  }
}

// The compiler must not know that nobody reads what was copied.
void keep(const void* memory) {
  asm volatile("" : : "r"(memory) : "memory");
}

template <class Copies>
std::vector<reading> timed_copies(long count, Copies copies) {
  copies(); // warm from here on
  std::vector<double> times;
  for (long i = 0; i < count; ++i) {
    const auto begin = clock::now();
    copies();
    times.push_back(microseconds_since(begin) / 1000);
  }
  return {{"later", quantile(times, 0.5), "ms"}};
}

} // namespace

contender memory_copies(std::size_t bytes, long count) {
  return {"four warm memcpy copies", [bytes, count] {
            std::vector<std::byte> one(bytes, std::byte{1});
            std::vector<std::byte> two(bytes, std::byte{2});
            return timed_copies(count, [&] {
              for (int i = 0; i < 2; ++i) {
                std::memcpy(two.data(), one.data(), bytes);
                keep(two.data());
                std::memcpy(one.data(), two.data(), bytes);
                keep(one.data());
              }
            });
          }};
}

contender copies_through_shared_memory(std::size_t bytes, long count) {
  return {"four copies, two processes", [bytes, count] {
            const shared_memory memory(bytes);
            const shared_memory word(sizeof(turn_word));
            std::vector<std::byte> own(bytes, std::byte{1});
            std::vector<std::byte> of_peer(bytes);
            copying with{new (word.data()) turn_word, memory.data(), of_peer.data(), bytes};
            const peer other(serve_copies, &with);
            return timed_copies(count, [&] {
              std::memcpy(memory.data(), own.data(), bytes);
              with.turns->pass();
              with.turns->await(0);
              std::memcpy(own.data(), memory.data(), bytes);
              keep(own.data());
            });
          }};
}

} // namespace bench
