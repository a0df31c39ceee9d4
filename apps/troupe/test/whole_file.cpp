#include "test/whole_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli::test {
namespace {

[[noreturn]] void fail(const std::string& path, int number) {
  throw std::system_error(number, std::generic_category(), "cannot write \"" + path + "\"");
}

int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return errno;
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void write_in_place(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
  if (fd < 0)
    fail(path, errno);
  int problem = write_all(fd, text);
  if (::close(fd) != 0 && problem == 0)
    problem = errno;
  if (problem != 0)
    fail(path, problem);
}

} // namespace

void write_whole_file(const std::string& path, std::string_view text) {
  struct stat status {};
  // /dev/stdout is a link, which must stay there wherever it leads.
  if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    write_in_place(path, text);
    return;
  }
  auto beside = path + ".XXXXXX";
  const int fd = ::mkstemp(beside.data());
  if (fd < 0)
    fail(path, errno);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, 0666 & ~mask); // as any other new file, which mkstemp's is not
  int problem = write_all(fd, text);
  if (::close(fd) != 0 && problem == 0)
    problem = errno;
  if (problem == 0 && std::rename(beside.c_str(), path.c_str()) != 0)
    problem = errno;
  if (problem == 0)
    return;
  ::unlink(beside.c_str());
  fail(path, problem);
}

std::string read_whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return file ? out.str() : std::string{};
}

} // namespace troupe_cli::test
