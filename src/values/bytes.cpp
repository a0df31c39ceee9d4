#include <troupe/detail/bytes.hpp>

#include "base/limits.hpp"

#include <algorithm>

namespace troupe::detail {

void bytes::grow(std::size_t least) {
  // Room beyond what a value may take is not looked at again when it is used.
  const auto capacity = std::max(std::min(capacity_ * 2, limits::max_value_bytes), least);
  auto* const larger = new std::byte[capacity];
  if (size_ > 0)
    std::memcpy(larger, data(), size_);
  delete[] heap_;
  heap_ = larger;
  capacity_ = capacity;
}

std::span<const std::byte> view(const bytes& b) noexcept {
  return {b.data(), b.size()};
}

} // namespace troupe::detail
