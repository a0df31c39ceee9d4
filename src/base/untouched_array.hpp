#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

namespace troupe::base {

/// An array whose elements begin as zeros in all their bytes, and whose memory is not touched before they are: of a large
/// one of which little is used, the rest costs nothing.
template <class T>
class untouched_array {
  static_assert(std::is_aggregate_v<T> || std::is_scalar_v<T>, "its lifetime must begin by itself");
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
  /// Throws `std::bad_alloc`.
  explicit untouched_array(std::size_t size)
    : data_(static_cast<T*>(std::calloc(size == 0 ? 1 : size, sizeof(T))))
    , size_(size) {
    if (data_ == nullptr)
      throw std::bad_alloc();
  }
  untouched_array(untouched_array&& other) noexcept
    : data_(std::exchange(other.data_, nullptr))
    , size_(std::exchange(other.size_, 0)) {}
  untouched_array& operator=(untouched_array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~untouched_array() { std::free(data_); }

  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

private:
  T* data_;
  std::size_t size_;
};

} // namespace troupe::base
