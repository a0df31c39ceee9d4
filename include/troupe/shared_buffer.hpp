#pragma once

#include <troupe/codec.hpp>
#include <troupe/custom_codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/memory_block.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// Memory that is an argument, a result, or a part of one, and crosses to another process without being copied: what
/// crosses is a descriptor, so that 256 MiB take as long as 1 KiB.
///
///     double sum(const troupe::shared_buffer& samples) {
///       double total = 0;
///       for (double x : samples.as<double>())
///         total += x;
///       return total;
///     }
///
///     troupe::shared_buffer samples(n * sizeof(double));
///     fill(samples.as<double>());              // in place
///     double total = pool.apply(sum, samples).get();
///
/// A handle: copies of it name the same memory, in this process and in the others. It can be made in the parent and in
/// children, passed on from one task to others and kept beyond a task; the memory lasts until the last handle in any
/// process is gone, and the death of one that has it does it no harm. At most 1024 different ones go with one call or
/// result; an initializer, a finalizer or a preload call can have none.
///
/// The memory is shared, and nothing orders what processes do with it but the messages of troupe: what was written before
/// the buffer was sent is seen by whoever gets it, and what a task writes into it is seen by the parent once it has the
/// task's outcome. What is written while another process reads it is seen by that process at any time, in any order:
/// fill a buffer, send it, and write no more. A child that is not to be trusted can write into it at any time.
///
/// In the parent each takes one descriptor for as long as it is there; a child may have made at most 256 that still
/// exist.
///
/// A handle is for one thread at a time; different handles to the same memory may be used by several.
class shared_buffer {
public:
  /// Names no memory: of size 0, and not to be sent.
  shared_buffer() noexcept = default;
  /// Makes memory of that many bytes, above 0, all of them zero. It is taken at once: that costs time for each byte, as
  /// for any other memory. In a child this asks the parent and waits for it, also in a coroutine; may be called from any
  /// thread. Throws `std::system_error` if there is no memory (`std::errc::not_enough_memory` or `no_space_on_device`),
  /// or no descriptor (`std::errc::too_many_files_open`: raise `ulimit -n`), `std::invalid_argument` for 0, and in a
  /// child `troupe::error` if it has made too many.
  explicit shared_buffer(std::size_t bytes);

  /// The number of bytes.
  std::size_t size() const noexcept { return size_; }
  bool valid() const noexcept { return block_ != nullptr; }

  /// The memory, to be filled before it is sent.
  std::span<std::byte> data() noexcept { return {start(), size_}; }
  /// The memory, to be read.
  std::span<const std::byte> bytes() const noexcept { return {start(), size_}; }
  /// The memory as elements of a trivially copyable type: as many as there is room for. It begins at a page, so they
  /// are aligned.
  template <class T>
  std::span<T> as() noexcept {
    check<T>();
    return {reinterpret_cast<T*>(start()), size_ / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const noexcept {
    check<T>();
    return {reinterpret_cast<const T*>(start()), size_ / sizeof(T)};
  }

  /// Whether both name the same memory.
  friend bool operator==(const shared_buffer& a, const shared_buffer& b) noexcept {
    return a.number() == b.number();
  }

private:
  friend struct codec<shared_buffer>;

  template <class T>
  static constexpr void check() {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>,
      "a troupe::shared_buffer can be seen as elements of a trivially copyable type only: others "
      "refer to memory of "
      "one process");
    static_assert(
      alignof(T) <= 4096, "the memory of a troupe::shared_buffer is aligned to 4096 bytes");
  }
  std::byte* start() const noexcept { return block_ ? block_->data() : nullptr; }
  std::uint64_t number() const noexcept { return block_ ? block_->number() : 0; }

  detail::block_ptr block_;
  std::size_t size_ = 0;
};

/// How the handle crosses; the memory is attached to the message.
template <>
struct codec<shared_buffer> {
  /// Throws `encode_error` for a buffer that names no memory, or if there are too many in one message.
  static void encode(encoder& out, const shared_buffer& value);
  /// Throws `decode_error` if this process has not got the memory.
  static shared_buffer decode(decoder& in);
};

} // namespace troupe

#pragma GCC visibility pop
