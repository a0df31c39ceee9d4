#include "child/tasks/throw_recorder.hpp"

#include "base/limits.hpp"
#include "os/image.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include <dlfcn.h>
#include <execinfo.h>

namespace troupe::child {

namespace {

struct throw_record {
  const void* object = nullptr;
  int count = 0;
  std::array<void*, limits::max_stack_frames> addresses{};
};

// Enough for a chain of nested exceptions, and for those that are thrown and caught on the way.
struct recent_throws {
  std::array<throw_record, 16> records{};
  std::size_t next = 0;
  bool recording = false;
};

thread_local recent_throws recent;

} // namespace

record_throws::record_throws() noexcept
  : outer_(recent.recording) {
  recent.recording = true;
}

record_throws::~record_throws() {
  recent.recording = outer_;
}

// A frame of its own, which `throw_site_of` knows.
[[gnu::noinline]] void record_throw(const void* object) noexcept {
  if (!recent.recording)
    return;
  auto& record = recent.records[recent.next++ % recent.records.size()];
  record.object = object;
  record.count = ::backtrace(record.addresses.data(), static_cast<int>(record.addresses.size()));
}

std::vector<code_location> throw_site_of(const void* exception_object) {
  std::vector<code_location> frames;
  for (std::size_t age = 1; age <= recent.records.size() && age <= recent.next; ++age) {
    const auto& record = recent.records[(recent.next - age) % recent.records.size()];
    if (record.object != exception_object)
      continue;
    // The two innermost frames are this file's. Return addresses point behind the call.
    for (int i = 2; i < record.count; ++i)
      frames.push_back(os::locate_in_signal_handler(
        reinterpret_cast<std::uintptr_t>(record.addresses[static_cast<std::size_t>(i)]) - 1));
    break;
  }
  return frames;
}

} // namespace troupe::child

// The C++ ABI's throw (https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html, 2.4.3): what every throw
// expression calls. This definition precedes the runtime library's, to which it passes on, also for what
// other libraries throw: so it has to be visible. The compiler declares the name itself, so ours is given to the
// function as its assembler name.
extern "C" [[noreturn]] __attribute__((noinline, visibility("default"))) void troupe_cxa_throw(
  void* object, void* type, void (*destroy)(void*)) __asm__("__cxa_throw");

extern "C" void troupe_cxa_throw(void* object, void* type, void (*destroy)(void*)) {
  using throw_function = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<throw_function>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  troupe::child::record_throw(object);
  next(object, type, destroy);
  __builtin_unreachable();
}
