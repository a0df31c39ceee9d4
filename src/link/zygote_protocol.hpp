#pragma once

#include "link/control_socket.hpp"

#include <cstdint>

namespace troupe::link {

/// The environment variable by which a process knows that it is a zygote; its value is the number of the
/// inherited descriptor of its control socket.
inline constexpr const char* zygote_variable = "TROUPE_ZYGOTE";

/// The environment variable by which the dynamic loader looks up all functions when the program starts,
/// rather than each when it is first called (ld.so(8)). So the children of a zygote need not.
inline constexpr const char* bind_now_variable = "LD_BIND_NOW";

/// The runtime's first message to a zygote. With it come the descriptors of the birth record and of a
/// memory file with the calls to run first, an encoded `std::vector<wire_call>`. The zygote answers
/// when it has run them.
struct zygote_hello {
  std::uint32_t magic = link_magic;
  std::int32_t runtime_pid = 0;
  os::build_id build;
  /// `bind_now_variable` was set for the zygote's sake, and is not for its children.
  bool bound_now = false;
};

/// Fork a child. The child's control socket comes with it. One request at a time.
struct zygote_request {
  std::uint32_t magic = link_magic;
};

enum class zygote_status : std::uint32_t {
  ready = 1,      ///< to the hello
  other_image,    ///< to the hello: the program was replaced
  preload_failed, ///< to the hello; with a memory file of the encoded exception report
  forked,         ///< to a request: the child's pid is in the birth record
  not_forked,     ///< to a request: `error` says why
};

struct zygote_answer {
  zygote_status status{};
  std::int32_t error = 0;
};

} // namespace troupe::link
