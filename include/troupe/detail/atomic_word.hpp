#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstdint>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// As much of a `std::atomic<T>` as promises need, for a number or an enum of 32 bits: <atomic> would cost every file
/// that includes troupe 7 MB of its compiler's memory.
template <class T>
class atomic_word {
  static_assert(sizeof(T) == sizeof(std::uint32_t));

public:
  explicit constexpr atomic_word(T value) noexcept
    : value_(static_cast<std::uint32_t>(value)) {}
  atomic_word(const atomic_word&) = delete;
  atomic_word& operator=(const atomic_word&) = delete;

  /// Acquires.
  T load() const noexcept { return static_cast<T>(__atomic_load_n(&value_, __ATOMIC_ACQUIRE)); }
  /// Acquires and releases; gives the value before.
  T exchange(T value) noexcept {
    return static_cast<T>(
      __atomic_exchange_n(&value_, static_cast<std::uint32_t>(value), __ATOMIC_ACQ_REL));
  }
  /// Acquires and releases. If the value is not `expected`, it stays, and `expected` becomes what it is.
  bool compare_exchange(T& expected, T value) noexcept {
    auto found = static_cast<std::uint32_t>(expected);
    const bool done = __atomic_compare_exchange_n(&value_, &found,
      static_cast<std::uint32_t>(value), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    expected = static_cast<T>(found);
    return done;
  }
  /// For a number; orders nothing.
  void increment() noexcept { __atomic_fetch_add(&value_, 1, __ATOMIC_RELAXED); }
  /// For a number. Acquires and releases; gives the value after.
  T decrement() noexcept { return __atomic_sub_fetch(&value_, 1, __ATOMIC_ACQ_REL); }

private:
  std::uint32_t value_;
};

} // namespace troupe::detail

#pragma GCC visibility pop
