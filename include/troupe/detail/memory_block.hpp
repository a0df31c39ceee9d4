#pragma once

#include <troupe/detail/atomic_word.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/counted_ptr.hpp>

#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Memory that other processes can have as well: large bytes lie in it, or a `shared_buffer`. It counts its owners,
/// and the last one gives it back to where it came from. Thread-safe, but for the memory itself.
class memory_block {
public:
  memory_block(const memory_block&) = delete;
  memory_block& operator=(const memory_block&) = delete;

  std::byte* data() const noexcept { return data_; }
  std::size_t capacity() const noexcept { return capacity_; }
  /// By which processes name it.
  std::uint64_t number() const noexcept { return number_; }
  /// One more owner of what somebody else refers to; null if its last owner is just giving it back.
  counted_ptr<memory_block> share() noexcept;

protected:
  memory_block(std::uint64_t number, std::byte* data, std::size_t capacity) noexcept
    : data_(data)
    , capacity_(capacity)
    , number_(number) {}
  virtual ~memory_block();

private:
  // Nobody owns it any more.
  virtual void give_back() noexcept = 0;

  std::byte* const data_;
  const std::size_t capacity_;
  const std::uint64_t number_;
  atomic_word<std::uint32_t> owners_{0};

  friend void add_owner(memory_block* shared) noexcept { shared->owners_.increment(); }
  friend void drop_owner(memory_block* shared) noexcept {
    if (shared->owners_.decrement() == 0)
      shared->give_back();
  }
};

using block_ptr = counted_ptr<memory_block>;

} // namespace troupe::detail

#pragma GCC visibility pop
