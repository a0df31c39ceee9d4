#include "output_file.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace books {
namespace {

// Where a link leads to: replacing the file must not replace the link.
std::filesystem::path destination(const std::filesystem::path& path) {
  const auto status = std::filesystem::status(path);
  if (!std::filesystem::exists(status))
    return path;
  if (!std::filesystem::is_regular_file(status))
    throw std::runtime_error(path.string() + ": exists and is not a regular file");
  return std::filesystem::canonical(path);
}

} // namespace

output_file::output_file(const std::filesystem::path& path)
  : path_(destination(path))
  , temporary_(path_.string() + "." + std::to_string(::getpid()) + ".tmp") {
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ < 0)
    fail("cannot create");
}

output_file::~output_file() {
  close();
  if (!committed_)
    ::unlink(temporary_.c_str());
}

void output_file::write(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd_, text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      fail("cannot write");
  }
}

void output_file::commit() {
  // After a crash of the machine there is either the old file or the whole new one.
  if (::fsync(fd_) != 0)
    fail("cannot write");
  close();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    fail("cannot rename to it");
  committed_ = true;
}

void output_file::fail(const char* what) const {
  throw std::runtime_error(
    path_.string() + ": " + what + ": " + std::generic_category().message(errno));
}

void output_file::close() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

} // namespace books
