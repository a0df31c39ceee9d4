#include <troupe/codec.hpp>

#include "base/limits.hpp"
#include "values/error_category.hpp"

#include <cstdint>
#include <limits>

#include <sys/mman.h>

namespace troupe {

void encoder::raw(const void* data, std::size_t size) {
  if (size > limits::max_value_bytes || out_.size() > limits::max_value_bytes - size)
    refuse(size);
  out_.reserve_to_cross(out_.size() + size);
  out_.append(data, size);
}

// Before memory is taken for it.
void encoder::refuse(std::size_t size) const {
  throw encode_error("a value of at least " + std::to_string(out_.size() + size) +
                     " bytes is to cross to another process, but " +
                     std::to_string(limits::max_value_bytes) +
                     " bytes are the limit for all arguments of a call together, and for a result: "
                     "pass it in parts, or by the name of a file");
}

void encoder::count(std::size_t n) {
  if (n > std::numeric_limits<std::uint32_t>::max())
    throw encode_error("a container has more than 2^32 - 1 elements");
  (*this)(static_cast<std::uint32_t>(n));
}

detail::nesting_level encoder::enter() {
  if (depth_ >= limits::max_value_depth)
    throw encode_error(
      "a value is nested more than " + std::to_string(limits::max_value_depth) +
      " levels deep: is there a circle of pointers in it, or a long list of them?");
  return detail::nesting_level(depth_);
}

void decoder::raw(void* data, std::size_t size) {
  const auto* const from = take(size);
  if (size > 0)
    std::memcpy(data, from, size);
}

const std::byte* decoder::take(std::size_t size) {
  if (size > in_.size())
    refuse_end();
  const auto* const from = in_.data();
  in_ = in_.subspan(size);
  return from;
}

std::size_t decoder::count(std::size_t min_bytes) {
  const auto n = make<std::uint32_t>();
  if (min_bytes == 0) {
    // Elements that take no bytes, such as std::monostate: the bytes left say nothing of their number.
    if (n > limits::max_empty_elements - empty_elements_)
      detail::throw_decode_error("a count of empty elements is too large");
    empty_elements_ += n;
  } else if (n > in_.size() / min_bytes) {
    detail::throw_decode_error("a count exceeds the bytes left");
  }
  return n;
}

void decoder::refuse_end() {
  detail::throw_decode_error("the data ends too early");
}

void decoder::refuse_rest() {
  detail::throw_decode_error("bytes are left over");
}

detail::nesting_level decoder::enter() {
  if (depth_ >= limits::max_value_depth)
    detail::throw_decode_error("values are nested too deeply");
  return detail::nesting_level(depth_);
}

namespace detail {

void expect_filling(void* memory, std::size_t size) noexcept {
  if (size < limits::least_huge_bytes)
    return;
  constexpr std::uintptr_t page =
    4096; // a multiple of it where pages are larger costs an error at most
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + size) / page * page;
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // a wish
}

void throw_encode_error(const char* problem) {
  throw encode_error(problem);
}

void throw_decode_error(const char* problem) {
  throw decode_error(std::string("cannot decode a value from another process: ") + problem);
}

void encode_error_code(encoder& out, const std::error_code& value) {
  out(std::int32_t{value.value()});
  out(std::string(value.category().name()));
}

std::error_code decode_error_code(decoder& in) {
  const auto value = in.make<std::int32_t>();
  return {value, category_named(in.make<std::string>())};
}

} // namespace detail
} // namespace troupe
