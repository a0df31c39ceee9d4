#pragma once

#include <troupe/custom_codec.hpp>
#include <troupe/detail/bytes.hpp>
#include <troupe/detail/codec_traits.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/errors.hpp>

#include <cstddef>
#include <span>

#pragma GCC visibility push(default)

/// How arguments and results become bytes.
///
/// Encodable: arithmetic types and enums, strings, the standard containers, `std::array`, `bitset`, `complex`,
/// `optional`, `variant`, `pair`, `tuple`, `unique_ptr` and `shared_ptr` (as an optional value: what two
/// of them share arrives twice), `chrono` durations, time points and dates, `filesystem::path`,
/// `std::error_code`, and
/// - types with a `troupe::codec<T>` (custom_codec.hpp),
/// - types with a CAF `inspect(Inspector&, T&)`,
/// - containers of other libraries for which `troupe::enable_container<T>` is true,
/// - aggregates, field by field, with no code at all (Boost.PFR: at most 100 fields, no base classes, no
///   C arrays).
///
/// Anything else does not compile, rather than arrive as something else than it was.
///
/// The bytes are the host's own representation, without padding: parent and child run the same image
/// on the same machine. Decoding trusts nothing: each read is checked against the bytes left, and a
/// count that cannot be true is an error before anything is allocated.
///
/// Encoders and decoders are for one thread at a time.
namespace troupe {

namespace detail {

/// Counts itself for as long as it lives.
class nesting_level {
public:
  explicit nesting_level(std::size_t& depth) noexcept
    : depth_(depth) {
    ++depth_;
  }
  nesting_level(const nesting_level&) = delete;
  nesting_level& operator=(const nesting_level&) = delete;
  ~nesting_level() { --depth_; }

private:
  std::size_t& depth_;
};

/// What the library's own codecs may do beside the interface of encoders and decoders.
struct codec_access;

} // namespace detail

/// Appends the encoding of values to bytes, which must outlive it.
class encoder {
public:
  explicit encoder(detail::bytes& out)
    : out_(out) {}

  /// Appends `size` bytes as they are. Throws `encode_error`, before any memory is allocated, if the whole
  /// would be larger than a message can be (2 GiB).
  void raw(const void* data, std::size_t size);
  /// Appends a number of elements. Throws `encode_error` if it is above 2^32 - 1.
  void count(std::size_t n);
  /// Appends a value of an encodable type. Throws `encode_error` if the value cannot be encoded, as a
  /// `std::variant` without a value cannot, is too large, or is nested more deeply than a decoder would
  /// follow (512 levels), as pointers in a circle are.
  template <class T>
  void operator()(const T& value);

private:
  // `raw` for what is small: most often there is room for it.
  template <std::size_t size>
  void small(const void* data) {
    if (!out_.append_small<size>(data))
      raw(data, size);
  }
  // One level deeper, for as long as the result lives. Values may have no end.
  detail::nesting_level enter();
  [[noreturn]] void refuse(std::size_t size) const;

  friend detail::codec_access;

  detail::bytes& out_;
  std::size_t depth_ = 0;
};

/// Reads values back from bytes, which must outlive it. After an error it is of no further use.
class decoder {
public:
  explicit decoder(std::span<const std::byte> in)
    : in_(in) {}

  /// Reads `size` bytes as they are. Throws `decode_error` if fewer bytes are left.
  void raw(void* data, std::size_t size);
  /// Reads a number of elements, each of which takes at least `min_bytes`. Throws `decode_error` if the
  /// bytes left cannot hold that many.
  std::size_t count(std::size_t min_bytes);
  /// Reads a value into an object. Throws `decode_error` if the bytes are not the encoding of a `T`.
  template <class T>
  void operator()(T& value);
  /// Reads a value. Throws as above.
  template <class T>
  T make();
  std::size_t bytes_left() const noexcept { return in_.size(); }
  /// Throws `decode_error` unless everything was read.
  void finish() const {
    if (!in_.empty())
      refuse_rest();
  }

private:
  template <std::size_t size>
  void small(void* data) {
    if (size > in_.size())
      refuse_end();
    std::memcpy(data, in_.data(), size);
    in_ = in_.subspan(size);
  }
  // Not members of the object, so that the compiler can keep it in registers.
  [[noreturn]] static void refuse_end();
  [[noreturn]] static void refuse_rest();
  // One level deeper, for as long as the result lives. A recursive type may be nested deeper than the stack
  // can bear.
  detail::nesting_level enter();
  // The next `size` bytes, which may lie in memory that another process writes: to be read once. Throws as `raw`.
  const std::byte* take(std::size_t size);

  friend detail::codec_access;

  std::span<const std::byte> in_;
  std::size_t depth_ = 0;
  std::size_t empty_elements_ = 0; // so far, of all containers
};

/// Types that can be an argument or a result. The check is shallow: a container of something that is
/// not encodable passes it and fails to compile inside `encoder` with a message that says so.
template <class T>
concept encodable = detail::has_codec<T> || detail::known_value<T> || detail::inspectable<T> ||
  detail::plain_aggregate<T>;

} // namespace troupe

#pragma GCC visibility pop

#include <troupe/detail/codec_impl.hpp>
