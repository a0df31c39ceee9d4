#pragma once

#include <troupe/errors.hpp>

#include <vector>

/// Remembers where exceptions were thrown, for the traceback of proxies, by interposing `__cxa_throw`. Only
/// while a task runs on the thread, and only addresses: symbols are resolved where they are shown.
namespace troupe::child {

/// While it lives, throws of this thread are recorded.
class record_throws {
public:
  record_throws() noexcept;
  record_throws(const record_throws&) = delete;
  record_throws& operator=(const record_throws&) = delete;
  ~record_throws();

private:
  bool outer_;
};

/// The stack at the throw of the exception object at that address, innermost first; empty if it was not
/// recorded, or is no longer among this thread's latest.
std::vector<code_location> throw_site_of(const void* exception_object);

} // namespace troupe::child
