#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace troupe::base {

/// Does what must be done although it needs memory: where there is none it tries again, every millisecond, until there is
/// some. For whoever has nobody to tell, such as a destructor, or has begun what others wait for. What it tries again must
/// have done nothing when it throws `std::bad_alloc`.
template <class F>
void surely(const F& job) noexcept {
  for (;;)
    try {
      job();
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace troupe::base
