#include "parent/serve/handle_numbers.hpp"

#include <cerrno>
#include <system_error>

#include <sys/random.h>

namespace troupe::parent {

namespace {

// XTEA (R. M. Needham and D. J. Wheeler, "Tea extensions", 1997): a keyed permutation of 64-bit numbers.
constexpr int rounds = 32;
constexpr std::uint32_t delta = 0x9e3779b9;

struct halves {
  std::uint32_t low;
  std::uint32_t high;

  explicit halves(std::uint64_t whole) noexcept
    : low(static_cast<std::uint32_t>(whole))
    , high(static_cast<std::uint32_t>(whole >> 32)) {}
  std::uint64_t whole() const noexcept { return std::uint64_t{high} << 32 | low; }
};

std::uint32_t mixed(std::uint32_t half) noexcept {
  return ((half << 4) ^ (half >> 5)) + half;
}

} // namespace

handle_numbers::handle_numbers() {
  if (::getrandom(key_.data(), sizeof key_, 0) != static_cast<ssize_t>(sizeof key_))
    throw std::system_error(errno, std::generic_category(), "getrandom");
}

std::uint64_t handle_numbers::next() noexcept {
  for (;;)
    if (const auto number = encipher(count_.fetch_add(1, std::memory_order_relaxed) + 1))
      return number;
}

bool handle_numbers::was_given(std::uint64_t number) const noexcept {
  const auto plain = decipher(number);
  return number != 0 && plain != 0 && plain <= count_.load(std::memory_order_relaxed);
}

std::uint64_t handle_numbers::encipher(std::uint64_t plain) const noexcept {
  halves block(plain);
  std::uint32_t sum = 0;
  for (int i = 0; i < rounds; ++i) {
    block.low += mixed(block.high) ^ (sum + key_[sum & 3]);
    sum += delta;
    block.high += mixed(block.low) ^ (sum + key_[(sum >> 11) & 3]);
  }
  return block.whole();
}

std::uint64_t handle_numbers::decipher(std::uint64_t number) const noexcept {
  halves block(number);
  std::uint32_t sum = delta * static_cast<std::uint32_t>(rounds);
  for (int i = 0; i < rounds; ++i) {
    block.high -= mixed(block.low) ^ (sum + key_[(sum >> 11) & 3]);
    sum -= delta;
    block.low -= mixed(block.high) ^ (sum + key_[sum & 3]);
  }
  return block.whole();
}

} // namespace troupe::parent
