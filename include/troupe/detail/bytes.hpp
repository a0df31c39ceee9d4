#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/memory_block.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Encoded arguments and results: bytes that are appended and read back. Small ones live inside the
/// object, so that a small task takes no allocation of its own; standard containers have no such buffer,
/// and also zero what is about to be overwritten. Large ones that are encoded to cross to another process may lie in
/// a memory block, which that process can have as well. Blocks of which the bytes speak, those of shared buffers, can
/// be *attached*: they live as long as the bytes, and travel with them.
class bytes {
public:
  bytes() noexcept = default;
  bytes(const bytes& other) {
    if (other.block() != nullptr)
      reserve_to_cross(other.size());
    append(other.data(), other.size());
    attach_all(other);
  }
  bytes(bytes&& other) noexcept { take(other); }
  bytes& operator=(bytes other) noexcept {
    take(other);
    return *this;
  }
  ~bytes() {
    if (heap_ != nullptr)
      free_heap();
  }
  /// The first `size` bytes of a block.
  static bytes in_block(block_ptr block, std::size_t size) noexcept;

  const std::byte* data() const noexcept { return heap_ != nullptr ? heap_ : small_.inside; }
  std::byte* data() noexcept { return heap_ != nullptr ? heap_ : small_.inside; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const std::byte* begin() const noexcept { return data(); }
  const std::byte* end() const noexcept { return data() + size_; }
  /// Drops the bytes, and what is attached.
  void clear() noexcept {
    size_ = 0;
    if (heap_ != nullptr && small_.large.attached != nullptr)
      detach_all();
  }
  void reserve(std::size_t size) {
    if (size > capacity_)
      grow(size);
  }
  /// As `reserve`, for bytes that are to cross to another process.
  void reserve_to_cross(std::size_t size) {
    if (size > capacity_)
      grow_to_cross(size);
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

  /// The block in which they lie, or null.
  memory_block* block() const noexcept { return heap_ != nullptr ? small_.large.block : nullptr; }
  /// Whether they lie in a block, or have some attached.
  bool has_blocks() const noexcept {
    return heap_ != nullptr && (small_.large.block != nullptr || small_.large.attached != nullptr);
  }
  /// Attaches a block, unless it is attached already.
  void attach(block_ptr block);
  /// Attaches what is attached to others.
  void attach_all(const bytes& others);
  /// The block attached as number `i`, or null if there are no more.
  memory_block* attached(std::size_t i) const noexcept;

private:
  static constexpr std::size_t inline_capacity = 32;
  struct block_list;

  void grow(std::size_t least);
  void grow_to_cross(std::size_t least);
  // Goes to other memory, that of `block` if it is not null.
  void move_to(std::byte* memory, std::size_t capacity, memory_block* block) noexcept;
  void detach_all() noexcept;
  void free_heap() noexcept;

  void take(bytes& other) noexcept {
    if (heap_ != nullptr)
      free_heap();
    heap_ = std::exchange(other.heap_, nullptr);
    capacity_ = std::exchange(other.capacity_, inline_capacity);
    size_ = std::exchange(other.size_, 0);
    small_ = other.small_;
  }

  // What is known of memory outside, where there is some.
  struct outside {
    memory_block* block;  // an owner of it; null: the memory is of the heap
    block_list* attached; // null: there are none
  };
  union inside_or_outside {
    std::byte inside[inline_capacity] = {};
    outside large;
  };

  std::byte* heap_ =
    nullptr; // owned; a std::unique_ptr would cost every file that includes troupe 2 MB
  std::size_t size_ = 0;
  std::size_t capacity_ = inline_capacity;
  inside_or_outside small_;
};

// Not inline: to make a span costs the compiler 2 MB.
std::span<const std::byte> view(const bytes& b) noexcept;

} // namespace troupe::detail

#pragma GCC visibility pop
