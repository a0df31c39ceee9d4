#include "command/executable.hpp"

#include <string_view>
#include <unordered_map>

#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

constexpr std::size_t most_remembered = 64;

std::string search(const std::string& name, const std::string& path) {
  std::string forbidden;
  std::string_view rest = path;
  for (bool more = true; more;) {
    const auto end = rest.find(':');
    more = end != std::string_view::npos;
    const auto folder = rest.substr(0, end);
    auto file = (folder.empty() ? "." : std::string(folder)) + '/' + name;
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      if (::access(file.c_str(), X_OK) == 0)
        return file;
      if (forbidden.empty())
        forbidden = std::move(file);
    }
    if (more)
      rest.remove_prefix(end + 1);
  }
  return forbidden;
}

} // namespace

std::string find_executable(const std::string& name, const std::string& path) {
  // The same few programs are looked for again and again, and PATH may be long.
  static std::unordered_map<std::string, std::string> found;
  if (name.empty() || name.find('/') != std::string::npos)
    return name;
  if (found.size() > most_remembered)
    found.clear();
  auto& file = found[path + '\0' + name];
  if (file.empty() || ::access(file.c_str(), X_OK) != 0)
    file = search(name, path);
  return file;
}

} // namespace troupe_cli
