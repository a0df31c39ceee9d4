#include "support/process_info.hpp"

#include "support/process_list.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace troupe::test {

namespace {

namespace fs = std::filesystem;

std::string proc(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

std::size_t entries_of(const std::string& directory) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    ++count;
  return count;
}

std::uint64_t status_value(const std::string& directory, const std::string& key) {
  std::ifstream file(directory + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key + ":"))
      return std::stoull(line.substr(key.size() + 1));
  return 0;
}

} // namespace

std::size_t open_descriptors(pid_t pid) {
  return entries_of(proc(pid) + "/fd");
}

std::size_t thread_count(pid_t pid) {
  return threads_of(pid).size();
}

std::size_t mapping_count(pid_t pid) {
  std::ifstream file(proc(pid) + "/maps");
  std::size_t links = 0;
  for (std::string line; std::getline(file, line);)
    links += line.find("memfd:troupe-link") != std::string::npos ? 1u : 0u;
  return links;
}

std::size_t resident_kilobytes(pid_t pid) {
  return status_value(proc(pid), "VmRSS");
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator it(proc(pid) + "/task", error), end; !error && it != end;
       it.increment(error)) {
    std::ifstream file(it->path() / "children");
    found.insert(found.end(), std::istream_iterator<pid_t>(file), std::istream_iterator<pid_t>());
  }
  return found;
}

std::string state_of(pid_t pid) {
  std::ifstream file(proc(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("State:"))
      return line.substr(line.find_first_not_of(" \t", 6), 1);
  return {};
}

std::string name_of(pid_t pid) {
  std::ifstream file(proc(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

std::vector<pid_t> zygotes() {
  auto found = children_of(::getpid());
  std::erase_if(found, [](pid_t pid) { return name_of(pid) != "troupe-zygote"; });
  return found;
}

std::uint64_t voluntary_context_switches(pid_t pid) {
  std::uint64_t total = 0;
  for (const pid_t thread : threads_of(pid)) // one of a sanitizer's wakes up ten times a second
    total += status_value(proc(pid) + "/task/" + std::to_string(thread), "voluntary_ctxt_switches");
  return total;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

footprint footprint::of_this_process() {
  return {open_descriptors(::getpid()), thread_count(::getpid()), children_of(::getpid()).size(),
    mapping_count(::getpid())};
}

} // namespace troupe::test
