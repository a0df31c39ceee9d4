#pragma once

#include "link/module_notice.hpp"

#include <troupe/call.hpp>
#include <troupe/child_limits.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::link {

/// A `bound_call` in encodable form.
struct wire_call {
  code_location thunk;
  code_location target;
  detail::call_kind kind = detail::call_kind::plain;
  std::vector<std::byte> arguments;

  static wire_call from(const bound_call& call) {
    return {call.code().thunk, call.code().target, call.code().kind,
      {call.arguments().begin(), call.arguments().end()}};
  }
  bool empty() const { return thunk == code_location{}; }
};

/// Where a child lives; nothing: as it is.
struct child_place {
  std::optional<std::vector<std::string>> environment; ///< the variables that it keeps
  std::string directory;
  std::optional<std::uint32_t> umask;
};

/// The sandbox of a child.
struct child_guard {
  bool on = false;
  bool isolated = false;             ///< it has namespaces of its own as well
  bool sockets = false;              ///< it may open some
  std::vector<std::string> writable; ///< directories
};

/// The payload of the setup frame: what a child must know of its pool, or of the process that it is.
struct child_settings {
  std::string pool_name; // or the process's
  std::uint64_t position = 0;
  std::uint64_t concurrency = 1;
  std::int64_t spin_nanoseconds = 0;
  std::uint64_t most_memory = 0; ///< `pool_options::maxmemoryperchild`
  child_limits limits;
  child_place place;
  child_guard guard;
  std::vector<module_notice> modules;
  wire_call initializer;
  wire_call finalizer;
  code_location loop_initializer; ///< travels in `parent_hello`, too
  code_location exception_handler;
};

} // namespace troupe::link
