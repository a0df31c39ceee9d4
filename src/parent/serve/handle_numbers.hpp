#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace troupe::parent {

/// The numbers by which children name pools and queues. Who knows such a number may use what it names, so
/// numbers cannot be guessed: a number is known only where it has been sent. They are the counting numbers,
/// enciphered with a key that the kernel's random source gives to each process. So they are unique, and it
/// can be told without a list whether one was ever given out. Thread-safe.
class handle_numbers {
public:
  /// Throws `std::system_error` if there is no random source.
  handle_numbers();

  /// A number that was never given before, above 0.
  std::uint64_t next() noexcept;
  /// Whether `next` has given it.
  bool was_given(std::uint64_t number) const noexcept;

private:
  std::uint64_t encipher(std::uint64_t plain) const noexcept;
  std::uint64_t decipher(std::uint64_t number) const noexcept;

  std::array<std::uint32_t, 4> key_{};
  std::atomic<std::uint64_t> count_ = 0;
};

} // namespace troupe::parent
