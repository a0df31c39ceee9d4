#include "link/memory_file.hpp"

#include "link/frame.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace troupe::link {

void take_memory(int file, std::size_t size, const char* what) {
  int error = 0;
  do
    error = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  while (error == EINTR);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), what);
}

base::unique_fd make_memory_file(std::span<const std::byte> contents) {
  base::unique_fd file(::memfd_create("troupe-message", MFD_CLOEXEC));
  if (!file)
    throw std::system_error(errno, std::generic_category(), "memfd_create for a message");
  while (!contents.empty()) {
    const auto written = ::write(file.get(), contents.data(), contents.size());
    if (written >= 0)
      contents = contents.subspan(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "writing a message into memory");
  }
  return file;
}

std::vector<std::byte> read_memory_file(const base::unique_fd& file, std::size_t at_most) {
  struct stat info {};
  // Only files in memory have seals; reading from anything else may block.
  if (!file || ::fcntl(file.get(), F_GET_SEALS) < 0 || ::fstat(file.get(), &info) != 0 ||
      static_cast<std::size_t>(info.st_size) > at_most)
    throw protocol_violation("a message in memory that is none, or too large");
  std::vector<std::byte> contents(static_cast<std::size_t>(info.st_size));
  std::size_t size = 0;
  while (size < contents.size()) {
    const auto count =
      ::pread(file.get(), contents.data() + size, contents.size() - size, static_cast<off_t>(size));
    if (count > 0)
      size += static_cast<std::size_t>(count);
    else if (count == 0 || errno != EINTR)
      break; // it was cut off meanwhile
  }
  contents.resize(size);
  return contents;
}

} // namespace troupe::link
