#include "link/control_socket.hpp"

#include "link/frame.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace troupe::link {

namespace {

constexpr std::size_t max_fds = 6;

union fd_buffer {
  cmsghdr align;
  char bytes[CMSG_SPACE(max_fds * sizeof(int))];
};

void take_fds(msghdr& header, base::unique_fd* fds, std::size_t fd_count) {
  std::size_t taken = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      base::unique_fd owned(fd); // closes what nobody asked for
      if (taken < fd_count)
        fds[taken++] = std::move(owned);
    }
  }
}

} // namespace

std::pair<base::unique_fd, base::unique_fd> make_control_sockets() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair for the link to a child");
  return {base::unique_fd(fds[0]), base::unique_fd(fds[1])};
}

bool wait_readable(int socket) {
  pollfd waited{socket, POLLIN, 0};
  int result = 0;
  do
    result = ::poll(&waited, 1, -1);
  while (result < 0 && errno == EINTR);
  return result == 1;
}

bool send_control(
  int socket, const void* message, std::size_t size, const int* fds, std::size_t fd_count) {
  iovec part{const_cast<void*>(message), size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  fd_buffer control{};
  if (fd_count > 0) {
    header.msg_control = control.bytes;
    header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    cmsghdr* first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    std::memcpy(CMSG_DATA(first), fds, fd_count * sizeof(int));
  }
  ssize_t sent = 0;
  do
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

receive_result receive_control(
  int socket, void* message, std::size_t size, base::unique_fd* fds, std::size_t fd_count) {
  iovec part{message, size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  fd_buffer control{};
  header.msg_control = control.bytes;
  header.msg_controllen = sizeof control.bytes;
  ssize_t received = 0;
  do
    received = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0)
    return errno == EAGAIN ? receive_result::nothing : receive_result::closed;
  take_fds(header, fds, fd_count); // also those that come with an empty message
  if (received == 0)
    return receive_result::closed;
  if (received != static_cast<ssize_t>(size) || (header.msg_flags & MSG_TRUNC) != 0)
    throw protocol_violation("control message of a wrong size");
  return receive_result::message;
}

} // namespace troupe::link
