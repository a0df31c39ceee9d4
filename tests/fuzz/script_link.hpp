#pragma once

#include "link/frame.hpp"
#include "link/shared_region.hpp"

#include <troupe/call.hpp>

#include <span>
#include <vector>

// What the links of scripts have, from either end.
namespace troupe::fuzz {

inline constexpr std::uint32_t script_ring_bytes = 64 * 1024;
inline constexpr link::link_size script_link{8, script_ring_bytes};

/// What calls and requests can name: `place_holder::thunk`.
inline bound_call known_call() {
  return call([](int x) { return x; }, 1);
}

template <class T>
std::vector<std::byte> bytes_of(const T& from) {
  const auto bytes = std::as_bytes(std::span(&from, 1));
  return {bytes.begin(), bytes.end()};
}
inline std::vector<std::byte> bytes_of(const detail::bytes& from) {
  const auto view = detail::view(from);
  return {view.begin(), view.end()};
}

} // namespace troupe::fuzz
