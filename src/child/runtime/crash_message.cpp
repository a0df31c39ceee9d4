#include "child/runtime/crash_message.hpp"

#include "child/runtime/crash_report.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <typeinfo>

#include <cxxabi.h>
#include <dlfcn.h>

// What sanitizers offer a program that is compiled with them; null in others.
extern "C" {
__attribute__((weak)) void __asan_set_error_report_callback(void (*)(const char*));
__attribute__((weak)) void __sanitizer_set_death_callback(void (*)());
}

namespace troupe::child {

namespace {

link::crash_area* message_area = nullptr;
std::terminate_handler terminate_before = nullptr;

/// Writes a message piece by piece, each of which is there at once: a `what` may crash.
class message {
public:
  explicit message(link::crash_area& area) noexcept
    : area_(area)
    , is_first_(area.message_bytes.load(std::memory_order_relaxed) == 0) {}

  message& add(std::string_view text) noexcept {
    if (!is_first_)
      return *this;
    const auto length = std::min(text.size(), sizeof area_.message - bytes_);
    std::memcpy(area_.message + bytes_, text.data(), length);
    bytes_ += length;
    area_.message_bytes.store(static_cast<std::uint32_t>(bytes_), std::memory_order_release);
    return *this;
  }

private:
  link::crash_area& area_;
  const bool is_first_;
  std::size_t bytes_ = 0;
};

// -- std::terminate -------------------------------------------------------------------------------------

// In the words of the handler of GCC's library, for which people search.
void leave_exception(link::crash_area& area) noexcept {
  message text(area);
  const auto* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    text.add("terminate called without an active exception");
    return;
  }
  int status = 0;
  char* const name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  text.add("terminate called after throwing an instance of '")
    .add(name != nullptr ? name : type->name())
    .add("'");
  std::free(name);
  try {
    throw;
  } catch (const std::exception& e) {
    text.add(", what(): ").add(e.what());
  } catch (...) {
    // It has no text.
  }
}

[[noreturn]] void on_terminate() {
  static std::atomic<bool> entered = false;
  if (!entered.exchange(true) && message_area != nullptr) // else it comes from `what`
    leave_exception(*message_area);
  if (terminate_before != nullptr)
    terminate_before();
  std::abort();
}

// -- the C library --------------------------------------------------------------------------------------

// What glibc keeps for debuggers, by a name that is none of its interface: it is looked for at run time, so nothing
// depends on it.
struct kept_message {
  unsigned size; // of the memory, with this
  char text[1];
};

const kept_message* const* kept_message_place() noexcept {
#ifdef __GLIBC__
  return static_cast<const kept_message* const*>(
    ::dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE"));
#else
  return nullptr;
#endif
}

const kept_message* const* abort_message = nullptr;

// -- sanitizers -----------------------------------------------------------------------------------------

// The line of a report that begins behind `mark`, as it is shown in a message.
std::string_view line_behind(std::string_view report, std::string_view mark) noexcept {
  const auto at = report.find(mark);
  if (at == std::string_view::npos)
    return {};
  const auto rest = report.substr(at);
  return rest.substr(0, rest.find('\n'));
}

void on_sanitizer_report(const char* text) {
  if (message_area == nullptr || text == nullptr)
    return;
  const std::string_view report(text);
  const auto error = line_behind(report, "ERROR: ");
  const auto summary = line_behind(report, "SUMMARY: ");
  message note(*message_area);
  note.add(error.empty() ? report.substr(0, report.find('\n')) : error);
  if (!summary.empty())
    note.add("; ").add(summary);
}

void on_sanitizer_death() {
  leave_culprit();
  if (message_area != nullptr)
    message(*message_area).add("a sanitizer has ended it; its report is on stderr");
}

} // namespace

void install_message_handlers(link::crash_area& area) {
  message_area = &area;
  abort_message = kept_message_place();
  terminate_before = std::set_terminate(&on_terminate);
  if (__asan_set_error_report_callback != nullptr)
    __asan_set_error_report_callback(&on_sanitizer_report);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(&on_sanitizer_death);
}

void leave_abort_message() noexcept {
  if (message_area == nullptr || abort_message == nullptr || *abort_message == nullptr)
    return;
  const auto* const kept = *abort_message;
  std::size_t length = 0;
  while (length < limits::max_crash_message_bytes && length + sizeof kept->size < kept->size &&
         kept->text[length] != '\0')
    ++length;
  message(*message_area).add({kept->text, length});
}

void forget_messages() noexcept {
  message_area = nullptr;
}

} // namespace troupe::child
