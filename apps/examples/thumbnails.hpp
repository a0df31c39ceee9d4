#pragma once

#include <string>
#include <vector>

/// A library that uses troupe inside. Its users call `troupe::child_entry` at the top of `main`, and nothing else.
namespace thumbnails {

/// A picture of `text` in four lines at most, or why there is none. The converter is known to crash now and then: it
/// runs in children, which are started when this is first called. Thread-safe.
std::vector<std::string> make(const std::vector<std::string>& texts);

} // namespace thumbnails
