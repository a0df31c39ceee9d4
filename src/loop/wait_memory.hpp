#pragma once

#include <cstddef>
#include <memory>

namespace troupe::loop {

/// What Asio needs for one wait, which is there before it is needed: a watch that could not be renewed for lack
/// of memory would never call again.
struct wait_memory {
  alignas(std::max_align_t) std::byte bytes[512];
  bool in_use = false;
};

/// Gives it out, one wait at a time.
template <class T>
struct wait_allocator {
  using value_type = T;

  explicit wait_allocator(wait_memory& from) noexcept
    : memory(&from) {}
  template <class Other>
  wait_allocator(const wait_allocator<Other>& other) noexcept
    : memory(other.memory) {}

  T* allocate(std::size_t count) {
    if (!memory->in_use && count * sizeof(T) <= sizeof memory->bytes) {
      memory->in_use = true;
      return reinterpret_cast<T*>(memory->bytes);
    }
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* what, std::size_t count) noexcept {
    if (reinterpret_cast<std::byte*>(what) == memory->bytes)
      memory->in_use = false;
    else
      std::allocator<T>().deallocate(what, count);
  }
  template <class Other>
  bool operator==(const wait_allocator<Other>& other) const noexcept {
    return memory == other.memory;
  }

  wait_memory* memory;
};

} // namespace troupe::loop
