#include "support/failing_allocation.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include <execinfo.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace troupe::test {

namespace {

char name[16];
std::atomic<bool> armed = false;
std::atomic<std::int64_t> made = 0;                      // while armed
std::int64_t chosen = 0;                                 // the number of the one that is meant
bool holds = false;                                      // it waits, and does not fail
std::atomic<bool> released = false;                      // it need not wait any longer
const bool show = std::getenv("TROUPE_SHOW") != nullptr; // where it is

std::atomic<const char*> slow_thread = nullptr; // whose deallocations are slow

void wait_if_slow() noexcept {
  const char* const slow = slow_thread.load(std::memory_order_acquire);
  if (slow == nullptr)
    return;
  char own[16] = {};
  ::prctl(PR_GET_NAME, own);
  if (std::strcmp(own, slow) == 0)
    ::usleep(50'000);
}

// A thread may have allocated before it was given its name.
bool is_on_thread() noexcept {
  char own[16] = {};
  ::prctl(PR_GET_NAME, own);
  return std::strcmp(own, name) == 0;
}

bool is_chosen() noexcept {
  if (!armed.load(std::memory_order_acquire) || !is_on_thread())
    return false;
  const auto number = made.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (number != chosen)
    return false;
  if (show) {
    void* frames[64];
    ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), STDERR_FILENO);
  }
  return true;
}

void arm(const char* thread_name, std::int64_t nth, bool to_hold) {
  std::strncpy(name, thread_name, sizeof name - 1);
  chosen = nth;
  holds = to_hold;
  released.store(false, std::memory_order_relaxed);
  made.store(0, std::memory_order_relaxed);
  armed.store(true, std::memory_order_release);
}

bool chosen_is_made() noexcept {
  return made.load(std::memory_order_acquire) >= chosen;
}

// What becomes of the one that is meant.
void on_chosen() {
  if (!holds)
    throw std::bad_alloc();
  released.wait(false, std::memory_order_acquire);
}

} // namespace

failing_allocation::failing_allocation(const char* thread_name, std::int64_t nth) {
  arm(thread_name, nth, false);
}

failing_allocation::~failing_allocation() {
  armed.store(false, std::memory_order_release);
}

bool failing_allocation::reached() const noexcept {
  return chosen_is_made();
}

held_allocation::held_allocation(const char* thread_name, std::int64_t nth) {
  arm(thread_name, nth, true);
}

held_allocation::~held_allocation() {
  release();
}

bool held_allocation::reached() const noexcept {
  return chosen_is_made();
}

void held_allocation::release() noexcept {
  armed.store(false, std::memory_order_release);
  released.store(true, std::memory_order_release);
  released.notify_all();
}

slow_deallocations::slow_deallocations(const char* thread_name) {
  slow_thread.store(thread_name, std::memory_order_release);
}

slow_deallocations::~slow_deallocations() {
  slow_thread.store(nullptr, std::memory_order_release);
}

} // namespace troupe::test

namespace {

void* allocate(std::size_t size, std::size_t alignment) {
  if (troupe::test::is_chosen())
    troupe::test::on_chosen();
  size += size == 0 ? 1 : 0;
  void* made = alignment == 0
                 ? std::malloc(size)
                 : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (made == nullptr)
    throw std::bad_alloc();
  return made;
}

void release(void* made) noexcept {
  troupe::test::wait_if_slow();
  std::free(made);
}

} // namespace

#if defined(__SANITIZE_ADDRESS__)
// The sanitizer has an `operator new` of its own, which shared libraries may be bound to.
extern "C" const char* __asan_default_options() {
  return "alloc_dealloc_mismatch=0";
}
#endif

// The other forms call these, unless they are given in the standard library's shared object: it does, too.
void* operator new(std::size_t size) {
  return allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* made) noexcept {
  release(made);
}
void operator delete(void* made, std::size_t) noexcept {
  release(made);
}
void operator delete(void* made, std::align_val_t) noexcept {
  release(made);
}
void operator delete(void* made, std::size_t, std::align_val_t) noexcept {
  release(made);
}
