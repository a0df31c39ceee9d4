#include "killer.hpp"

#include <csignal>

namespace torture {

killer::killer(troupe::pool& of, double kills_per_second, std::uint64_t seed)
  : pool_(of)
  , thread_([this, kills_per_second, seed](
              const std::stop_token& over) { go(over, kills_per_second, seed); }) {}

killer::~killer() = default;

void killer::go(const std::stop_token& over, double kills_per_second, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pace = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
    std::chrono::duration<double>(1 / kills_per_second));
  auto next = std::chrono::steady_clock::now() + pace;
  while (!over.stop_requested()) {
    std::this_thread::sleep_until(next);
    next += pace;
    const auto children = pool_.stats().children;
    const auto pid = children[random() % children.size()].pid;
    if (pid > 0 && ::kill(pid, SIGKILL) == 0)
      ++kills_;
  }
}

} // namespace torture
