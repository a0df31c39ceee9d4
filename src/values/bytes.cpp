#include <troupe/detail/bytes.hpp>

#include <algorithm>

namespace troupe::detail {

void bytes::grow(std::size_t least) {
  const auto capacity = std::max(capacity_ * 2, least);
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
