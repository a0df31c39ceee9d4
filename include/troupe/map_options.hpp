#pragma once

#include <cstddef>

namespace troupe {

/// What can be said about a map. Give it as the first argument:
/// `pool.map(troupe::map_options{.buffersize = 100}, f, range)`.
struct map_options {
  /// At most this many items are in flight or unread. 0: `default_buffersize`.
  std::size_t buffersize = 0;

  /// When an item fails while all results are waited for at once, cancel those that have not been started.
  bool fail_fast = true;

  static constexpr std::size_t default_buffersize = 16'384;
  std::size_t window() const noexcept { return buffersize == 0 ? default_buffersize : buffersize; }
};

} // namespace troupe
