#pragma once

#include "base/unique_fd.hpp"
#include "link/shared_region.hpp"
#include "os/image.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe::link {

/// The environment variable by which a process knows that it is a child; its value is the number of
/// the inherited descriptor of its control socket.
inline constexpr const char* link_variable = "TROUPE_LINK";

inline constexpr std::uint32_t link_magic = 0x74727032; // "trp2"
/// The only message of this socket. With it come the descriptors of the shared memory, of the end by which
/// the child wakes its parent, of the end on which it is woken, of its stdin if `passes_input`, and, if the
/// output is captured, of its stdout and stderr. The parent never reads from a child's socket: whatever a child
/// passes, it stays there.
struct parent_hello {
  std::uint32_t magic = link_magic;
  link_size size;
  std::uint32_t generation = 0;
  std::int32_t parent_pid = 0;
  os::build_id build;
  /// `pool_options::loop_initializer`: the one setting that is needed before there is a loop, which reads
  /// the others.
  code_location loop_initializer;
  bool passes_input = false;
};

/// The exit code of a child that cannot even say hello, for want of memory or descriptors (EX_OSERR of
/// sysexits.h). The next one may.
inline constexpr int exit_before_hello = 71;

/// The child's answer, the first frame in its ring.
struct child_hello {
  std::uint32_t magic = link_magic;
  std::uint32_t generation = 0;
  os::build_id build;
};

/// A connected pair of sockets that keep message boundaries, non-blocking and close-on-exec.
/// Throws `std::system_error`.
std::pair<base::unique_fd, base::unique_fd> make_control_sockets();

/// Blocks until there is something to receive or the peer has closed; false if that cannot be told.
bool wait_readable(int socket);

enum class receive_result { message, nothing, closed };

/// Sends one whole message, with `fd_count` descriptors. Never blocks, never raises SIGPIPE; false if
/// the peer is gone or does not read.
bool send_control(int socket, const void* message, std::size_t size, const int* fds = nullptr,
  std::size_t fd_count = 0);

/// Receives one message of exactly `size` bytes into `message`, and at most `fd_count` descriptors.
/// Throws `protocol_violation` for a message of another size. Never blocks.
receive_result receive_control(int socket, void* message, std::size_t size,
  base::unique_fd* fds = nullptr, std::size_t fd_count = 0);

template <class Message>
bool send_control(
  int socket, const Message& message, const int* fds = nullptr, std::size_t fd_count = 0) {
  static_assert(std::is_trivially_copyable_v<Message>);
  Message sent = message;
#if __has_builtin(__builtin_clear_padding)
  __builtin_clear_padding(
    &sent); // what lay on the stack is nobody's business, and valgrind complains
#endif
  return send_control(socket, &sent, sizeof sent, fds, fd_count);
}

} // namespace troupe::link
