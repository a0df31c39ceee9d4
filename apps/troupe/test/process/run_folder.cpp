#include "test/process/run_folder.hpp"

#include "command/start.hpp"
#include "test/attempt.hpp"
#include "test/remove_folder.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli::test {
namespace {

constexpr mode_t mode = 0700;

/// Whether this is a folder as it was made, with nothing in it but a folder of that name, if it is not empty.
bool is_as_made(const std::string& path, std::string_view inner) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* folder = opened < 0 ? nullptr : ::fdopendir(opened);
  if (folder == nullptr) {
    if (opened >= 0)
      ::close(opened);
    return false;
  }
  struct stat status {};
  bool out = ::fstat(opened, &status) == 0 && (status.st_mode & 07777) == mode &&
             status.st_uid == ::geteuid();
  errno = 0;
  while (const dirent* each = out ? ::readdir(folder) : nullptr) {
    const std::string_view name(each->d_name);
    out = name == "." || name == ".." || (!inner.empty() && name == inner);
  }
  out = out && errno == 0;
  ::closedir(folder);
  return out;
}

} // namespace

run_folder::run_folder(const std::string& path)
  : path_(path) {
  if (is_as_made(path, "tmp") && is_as_made(path + "/tmp", {}))
    return;
  remove_folder(path);
  if (::mkdir(path.c_str(), mode) == 0 && ::mkdir((path + "/tmp").c_str(), mode) == 0)
    return;
  const int number = errno;
  throw start_problem{"cannot make the folder \"" + path + "\": " + std::strerror(number), number};
}

run_folder::~run_folder() {
  ::unlink(output_file(path_).c_str());
  ::unlink(record_file(path_).c_str());
}

} // namespace troupe_cli::test
