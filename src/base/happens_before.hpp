#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace troupe::base {

// What one thread did before `annotate_happens_before(at)` comes before what another does after its
// `annotate_happens_after(at)`: told to ThreadSanitizer where a library that is not compiled for it sees to
// that. They do nothing else, and nothing at all in other builds. Thread-safe.

inline void annotate_happens_before([[maybe_unused]] void* at) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(at);
#endif
}

inline void annotate_happens_after([[maybe_unused]] void* at) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(at);
#endif
}

} // namespace troupe::base
