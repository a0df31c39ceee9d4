// Only part of builds for the thread sanitizer. libstdc++ counts the references to an exception in code that is
// not compiled for it: the sanitizer does not see that whoever destroys an exception comes after everybody who
// has looked at it. So the references are dropped here, by the same operation on the same counter.
#include "base/contract.hpp"

#include <atomic>
#include <cstring>
#include <exception>

#include <dlfcn.h>
#include <unwind.h>

namespace troupe::base {

namespace {

// What stands before an exception object (libstdc++-v3/libsupc++/unwind-cxx.h: __cxa_refcounted_exception).
struct exception_header {
  int references;
  struct {
    void* type;
    void* destructor;
    void* handlers[2];
    void* next;
    int counts[2];
    void* cached[4];
    _Unwind_Exception unwind;
  } rest;
};

std::atomic_ref<int> references_to(void* object) noexcept {
  auto* const header = static_cast<exception_header*>(object) - 1;
  return std::atomic_ref<int>(header->references);
}

template <class Function>
Function next_definition(const char* symbol) noexcept {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, symbol));
}

// That the counter is where it is expected.
[[maybe_unused]] const bool counter_is_found = [] {
  const auto one = std::make_exception_ptr(0);
  const auto another = one;
  void* object = nullptr;
  static_assert(sizeof object == sizeof one);
  std::memcpy(&object, static_cast<const void*>(&one), sizeof object);
  TROUPE_ASSERT(references_to(object) == 2);
  return true;
}();

} // namespace

} // namespace troupe::base

#define TROUPE_RELEASE "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv"

extern "C" {

// std::exception_ptr::_M_release, which its destructor calls. The last reference is dropped by libstdc++, which
// destroys the exception.
[[gnu::visibility("default")]] void troupe_release_exception(void** pointer) noexcept
  __asm__(TROUPE_RELEASE);

void troupe_release_exception(void** pointer) noexcept {
  static const auto next = troupe::base::next_definition<void (*)(void**)>(TROUPE_RELEASE);
  if (*pointer == nullptr)
    return;
  const auto references = troupe::base::references_to(*pointer);
  if (references.fetch_sub(1, std::memory_order_acq_rel) > 1)
    return;
  references.store(1, std::memory_order_relaxed);
  next(pointer);
}

// What the end of each handler calls: it drops a reference, but never the last one.
[[gnu::visibility("default")]] void troupe_end_catch() __asm__("__cxa_end_catch");

void troupe_end_catch() {
  static const auto next = troupe::base::next_definition<void (*)()>("__cxa_end_catch");
  const auto kept = std::current_exception();
  next();
}

} // extern "C"
