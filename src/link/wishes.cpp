#include "link/wishes.hpp"

#include <climits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::link {

namespace {

constexpr std::uint64_t wanted = std::uint64_t{1} << 32; // above the exit code

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

} // namespace

void wishes::request_drain(int exit_code) noexcept {
  drain_.store(wanted | static_cast<std::uint32_t>(exit_code), std::memory_order_release);
}

std::optional<int> wishes::drain() const noexcept {
  const auto word = drain_.load(std::memory_order_acquire);
  if ((word & wanted) == 0)
    return std::nullopt;
  return static_cast<int>(static_cast<std::uint32_t>(word));
}

// The order is total, so either this sees that a thread waits, or that thread sees the new count.
void wishes::announce_stop() noexcept {
  stops_.fetch_add(1, std::memory_order_seq_cst);
  if (listening_.load(std::memory_order_seq_cst) != 0)
    ::syscall(SYS_futex, &stops_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void wishes::wait_for_stop(std::uint32_t seen) noexcept {
  listening_.store(1, std::memory_order_seq_cst);
  if (stops_.load(std::memory_order_seq_cst) == seen)
    ::syscall(SYS_futex, &stops_, FUTEX_WAIT, seen, nullptr, nullptr, 0);
}

} // namespace troupe::link
