#pragma once

#include "base/unique_fd.hpp"

#include <string>
#include <vector>

namespace troupe::monitor {

/// The directories in which sockets may lie, the preferred one first.
std::vector<std::string> socket_directories();

/// Makes a directory that only this user may enter, or checks that it is one. Throws `std::runtime_error`, with what is
/// wrong and what helps.
void make_private_directory(const std::string& path);

/// A listening socket, at a path that is gone with this object.
class socket_place {
public:
  /// Throws `std::runtime_error` with the reason.
  explicit socket_place(const std::string& program);
  socket_place(const socket_place&) = delete;
  socket_place& operator=(const socket_place&) = delete;
  ~socket_place();

  int fd() const noexcept { return fd_.get(); }
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
  base::unique_fd fd_;
};

/// Removes sockets to which nobody listens any more.
void remove_stale_sockets(const std::string& directory);

} // namespace troupe::monitor
