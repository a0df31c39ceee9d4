#include "monitor/socket_place.hpp"

#include "base/escape.hpp"

#include <troupe/control.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace troupe::monitor {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view suffix = ".sock";

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(base::escape(what) + ": " + std::generic_category().message(error));
}

// False if the path is too long for a socket.
bool fill(sockaddr_un& address, const std::string& path) noexcept {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

base::unique_fd new_socket() {
  return base::unique_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// A program may have any name.
std::string as_file_name(std::string name) {
  name.resize(std::min<std::size_t>(name.size(), 32));
  std::ranges::replace_if(
    name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'; },
    '_');
  return name.empty() ? "program" : name;
}

bool is_answered(const std::string& path) {
  sockaddr_un address;
  const auto fd = new_socket();
  if (!fd || !fill(address, path))
    return true; // nothing is known of it
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno != ECONNREFUSED;
}

// "PID-PROGRAM.sock"
bool parse_name(const std::string& name, watched_process& found) {
  if (!name.ends_with(suffix))
    return false;
  const auto digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits > 9 || name[digits] != '-') // npos is more than 9
    return false;
  found.pid = static_cast<pid_t>(std::stol(name.substr(0, digits)));
  found.program = name.substr(digits + 1, name.size() - suffix.size() - digits - 1);
  return true;
}

bool is_own_directory(const std::string& path) noexcept {
  struct stat is {};
  return ::lstat(path.c_str(), &is) == 0 && S_ISDIR(is.st_mode) && is.st_uid == ::geteuid();
}

// Each socket in a directory. It may be changed meanwhile.
template <class Visit>
void for_each_socket(const std::string& directory, Visit visit) {
  if (!is_own_directory(directory))
    return;
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    files.push_back(it->path());
  for (const auto& file : files) {
    watched_process found;
    found.socket = file.string();
    if (parse_name(file.filename().string(), found))
      visit(found);
  }
}

} // namespace

std::vector<std::string> socket_directories() {
  std::vector<std::string> result;
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR");
      runtime != nullptr && *runtime == '/' && is_own_directory(runtime))
    result.push_back(std::string(runtime) + "/troupe");
  result.push_back("/tmp/troupe-" + std::to_string(::geteuid()));
  return result;
}

void make_private_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    fail("making the directory " + path, errno);
  struct stat is {};
  if (::lstat(path.c_str(), &is) != 0)
    fail("looking at the directory " + path, errno);
  if (!S_ISDIR(is.st_mode))
    throw std::runtime_error(base::escape(path) + " is no directory: remove it");
  if (is.st_uid != ::geteuid())
    throw std::runtime_error("the directory " + base::escape(path) +
                             " belongs to another user: set XDG_RUNTIME_DIR to one of your own");
  if ((is.st_mode & 077) != 0)
    throw std::runtime_error(
      "the directory " + base::escape(path) + " is open to other users: close it with chmod 700");
}

socket_place::socket_place(const std::string& program) {
  const auto directory = socket_directories().front();
  make_private_directory(directory);
  remove_stale_sockets(directory);
  const auto name = std::to_string(::getpid()) + "-" + as_file_name(program) + std::string(suffix);
  const auto path = directory + "/" + name;
  const auto unready = directory + "/." + name; // nobody takes it for stale before it listens
  sockaddr_un address;
  if (!fill(address, unready))
    throw std::runtime_error("the path " + base::escape(path) + " is too long for a socket");
  fd_ = new_socket();
  if (!fd_)
    fail("making a socket", errno);
  ::unlink(unready.c_str());
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("making the socket " + unready, errno);
  if (::chmod(unready.c_str(), 0600) != 0 || ::listen(fd_.get(), 16) != 0 ||
      ::rename(unready.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(unready.c_str());
    fail("making the socket " + path, error);
  }
  path_ = path;
}

socket_place::~socket_place() {
  if (!path_.empty())
    ::unlink(path_.c_str());
}

void remove_stale_sockets(const std::string& directory) {
  for_each_socket(directory, [](const watched_process& found) {
    if (!is_answered(found.socket))
      ::unlink(found.socket.c_str());
  });
}

} // namespace troupe::monitor

namespace troupe {

std::vector<watched_process> watched_processes() {
  std::vector<watched_process> result;
  for (const auto& directory : monitor::socket_directories()) {
    monitor::remove_stale_sockets(directory);
    monitor::for_each_socket(
      directory, [&](const watched_process& found) { result.push_back(found); });
  }
  std::ranges::sort(result, {}, &watched_process::pid);
  return result;
}

} // namespace troupe
