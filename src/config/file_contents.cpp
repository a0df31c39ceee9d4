#include "config/file_contents.hpp"

#include "base/limits.hpp"
#include "config/message_text.hpp"

#include <troupe/errors.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::detail {

namespace {

class open_file {
public:
  // O_NONBLOCK: to open a FIFO would wait for its writer.
  explicit open_file(const char* path)
    : fd_(::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  int fd() const noexcept { return fd_; }

private:
  int fd_;
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& problem) {
  throw config_error(file_for_message(path.native()) + ": " + problem);
}

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error) {
  fail(path, what + std::system_category().message(error));
}

void check_kind(const std::filesystem::path& path, const struct stat& status) {
  if (S_ISDIR(status.st_mode))
    fail(path, "is a directory, not a file");
  if (S_ISFIFO(status.st_mode))
    fail(path, "is a FIFO, not a file");
  if (!S_ISREG(status.st_mode))
    fail(path, "is not a regular file");
}

// Stops behind the limit, because a file may be larger than its size said.
std::string read_up_to_limit(int fd, const std::filesystem::path& path) {
  std::string text;
  std::array<char, std::size_t{16} * 1024> buffer;
  while (text.size() <= limits::max_config_file_bytes) {
    const auto n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail(path, "cannot read: ", errno);
    if (n == 0)
      break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

} // namespace

std::string read_config_file(const std::filesystem::path& path) {
  if (path.native().find('\0') != std::string::npos)
    fail(path, "file name with a NUL character");
  const open_file file(path.c_str());
  struct stat status {};
  if (file.fd() < 0 && errno == ENXIO)
    fail(path, "is not a regular file"); // a socket
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0)
    fail(path, "cannot open: ", errno);
  check_kind(path, status);
  std::string text;
  if (status.st_size <= static_cast<off_t>(limits::max_config_file_bytes))
    text = read_up_to_limit(file.fd(), path);
  if (status.st_size > static_cast<off_t>(limits::max_config_file_bytes) ||
      text.size() > limits::max_config_file_bytes)
    fail(path, "is larger than 1 MiB");
  return text;
}

} // namespace troupe::detail
