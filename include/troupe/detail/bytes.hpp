#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Encoded arguments and results: bytes that are appended and read back. Small ones live inside the
/// object, so that a small task takes no allocation of its own; standard containers have no such buffer,
/// and also zero what is about to be overwritten.
class bytes {
public:
  bytes() noexcept = default;
  bytes(const bytes& other) { append(other.data(), other.size()); }
  bytes(bytes&& other) noexcept { take(other); }
  bytes& operator=(bytes other) noexcept {
    take(other);
    return *this;
  }
  ~bytes() { delete[] heap_; }

  const std::byte* data() const noexcept { return heap_ != nullptr ? heap_ : inline_; }
  std::byte* data() noexcept { return heap_ != nullptr ? heap_ : inline_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const std::byte* begin() const noexcept { return data(); }
  const std::byte* end() const noexcept { return data() + size_; }
  void clear() noexcept { size_ = 0; }
  void reserve(std::size_t size) {
    if (size > capacity_)
      grow(size);
  }
  /// Drops what comes after the first `size` bytes.
  void truncate(std::size_t size) noexcept { size_ = size; }

  void append(const void* from, std::size_t count) {
    if (count > capacity_ - size_)
      grow(size_ + count);
    if (count > 0)
      std::memcpy(data() + size_, from, count);
    size_ += count;
  }
  /// As `append` for so many bytes, where there is room for them; false if there is not.
  template <std::size_t count>
  bool append_small(const void* from) noexcept {
    if (count > capacity_ - size_)
      return false;
    std::memcpy(data() + size_, from, count);
    size_ += count;
    return true;
  }
  void assign(std::span<const std::byte> from) {
    clear();
    append(from.data(), from.size());
  }

private:
  static constexpr std::size_t inline_capacity = 32;

  void grow(std::size_t least);

  void take(bytes& other) noexcept {
    delete[] heap_;
    heap_ = std::exchange(other.heap_, nullptr);
    capacity_ = std::exchange(other.capacity_, inline_capacity);
    size_ = std::exchange(other.size_, 0);
    if (heap_ == nullptr)
      std::memcpy(inline_, other.inline_, inline_capacity);
  }

  std::byte* heap_ =
    nullptr; // owned; a std::unique_ptr would cost every file that includes troupe 2 MB
  std::size_t size_ = 0;
  std::size_t capacity_ = inline_capacity;
  std::byte inline_[inline_capacity] = {};
};

// Not inline: to make a span costs the compiler 2 MB.
std::span<const std::byte> view(const bytes& b) noexcept;

} // namespace troupe::detail

#pragma GCC visibility pop
