#pragma once

#include <troupe/pool_events.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// The events of a stream (include/troupe/control.hpp), with the newline.
namespace troupe::monitor {

/// The pool that an event is of.
struct event_pool {
  std::uint64_t id;
  std::string_view name;
};

std::string task_line(const event_pool& pool, const troupe::task_ended& what);
std::string child_line(const event_pool& pool, const troupe::child_started& what, std::int64_t now);
std::string child_line(const event_pool& pool, const troupe::child_ended& what, std::int64_t now);
/// The file of a module by whose number functions are named.
std::string module_line(std::uint32_t module, std::string_view file);

} // namespace troupe::monitor
