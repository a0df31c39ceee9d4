#include "support/process_list.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace troupe::test {

namespace {

// The numbers by which files of a directory of /proc are called, in their order there.
std::vector<pid_t> numbers_in(const std::string& directory) {
  std::vector<pid_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const auto name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos)
      found.push_back(static_cast<pid_t>(std::stoi(name)));
  }
  return found;
}

std::string proc(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

} // namespace

std::vector<pid_t> threads_of(pid_t pid) {
  auto found = numbers_in(proc(pid) + "/task");
#if defined(__SANITIZE_THREAD__)
  if (found.size() > 1) // they come in the order of their start, and that one is the second
    found.erase(found.begin() + 1);
#endif
  return found;
}

std::vector<pid_t> processes_with(const std::string& wanted) {
  auto found = numbers_in("/proc");
  std::erase_if(found, [&](pid_t pid) {
    std::ifstream file(proc(pid) + "/environ");
    for (std::string entry; std::getline(file, entry, '\0');)
      if (entry == wanted)
        return false;
    return true;
  });
  return found;
}

pid_t parent_of(pid_t pid) {
  std::ifstream file(proc(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PPid:"))
      return static_cast<pid_t>(std::stoi(line.substr(5)));
  return 0;
}

} // namespace troupe::test
