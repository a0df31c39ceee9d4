#include "each/slot_outputs.hpp"

#include "command/start.hpp"
#include "command/start_texts.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

bool is_full(int fd) {
  struct statvfs disk {};
  return ::fstatvfs(fd, &disk) == 0 && disk.f_bavail == 0 && disk.f_blocks != 0;
}

int make(const std::string& name) {
  return ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
}

} // namespace

void slot_outputs::file::open(const std::string& spool) {
  static unsigned long long last = 0;
  if (fd >= 0)
    return;
  do {
    name = spool + "/out-" + std::to_string(::getpid()) + '-' + std::to_string(++last);
    fd = make(name);
  } while (fd < 0 && errno == EEXIST);
  if (fd < 0)
    throw start_problem{output_problem(name, errno), errno};
}

written slot_outputs::file::take() {
  written out;
  struct stat status {};
  if (::fstat(fd, &status) != 0 || status.st_size == 0)
    return out;
  out.size = static_cast<std::uint64_t>(status.st_size);
  if (out.size > most_carried_bytes) {
    ::close(std::exchange(fd, -1));
    out.file = std::exchange(name, {});
    return out;
  }
  out.text.resize(out.size);
  const auto size = ::pread(fd, out.text.data(), out.text.size(), 0);
  out.text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  if (::ftruncate(fd, 0) != 0)
    drop();
  return out;
}

void slot_outputs::file::drop() {
  if (fd < 0)
    return;
  ::close(std::exchange(fd, -1));
  ::unlink(name.c_str());
}

void slot_outputs::open(const std::string& spool) {
  out_.open(spool);
  err_.open(spool);
}

void slot_outputs::take(input_end& end) {
  const int fd = out_.fd;
  end.disk_full = !end.end.ok() && is_full(fd);
  end.out = out_.take();
  end.err = err_.take();
  if (!end.end.left.empty()) { // they have been killed, but may not be gone
    out_.drop();
    err_.drop();
  }
}

slot_temporary::~slot_temporary() {
  drop();
}

const std::string& slot_temporary::get(const std::string& spool) {
  struct stat status {};
  if (folder_ && ::fstat(::dirfd(folder_), &status) == 0 && status.st_nlink > 0)
    return path_;
  drop(); // the last command has removed it
  path_ = spool + "/run-XXXXXX";
  if (!::mkdtemp(path_.data()))
    throw start_problem{output_problem(path_, errno), errno};
  folder_ = ::opendir(path_.c_str());
  return path_;
}

void slot_temporary::clear() {
  if (!folder_)
    return drop();
  ::rewinddir(folder_);
  while (const dirent* entry = ::readdir(folder_)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..")
      return drop();
  }
}

void slot_temporary::drop() {
  if (folder_)
    ::closedir(std::exchange(folder_, nullptr));
  std::error_code ignored; // what was made read-only stays
  if (!path_.empty())
    std::filesystem::remove_all(std::exchange(path_, {}), ignored);
}

output_pair make_output_pair(const std::string& folder, std::uint64_t number) {
  const auto begin = folder + '/' + std::to_string(number);
  for (int again = 1;; ++again) {
    const auto name = again == 1 ? begin : begin + '.' + std::to_string(again);
    const int fd = make(name + ".out");
    if (fd >= 0) {
      ::close(fd);
      return {name + ".out", name + ".err"};
    }
    if (errno != EEXIST)
      throw start_problem{output_problem(name + ".out", errno), errno};
  }
}

} // namespace troupe_cli
