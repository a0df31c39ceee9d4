#include "footprint.hpp"

#include "descendants.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <sys/types.h>
#include <unistd.h>

namespace torture {

namespace {

namespace fs = std::filesystem;

std::size_t entries_of(const char* directory) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    ++count;
  return count;
}

bool is_zombie(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("State:"))
      return line.find('Z') != std::string::npos;
  return false;
}

std::size_t library_mappings() {
  std::ifstream file("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);)
    if (line.find("memfd:troupe-") != std::string::npos &&
        line.find("memfd:troupe-torture") == std::string::npos)
      ++count;
  return count;
}

std::string difference(const char* name, std::size_t after, std::size_t before) {
  if (after <= before)
    return {};
  return std::string(" ") + name + ' ' + std::to_string(after) + " instead of " +
         std::to_string(before) + ';';
}

// Where the descriptors lead, for whoever looks for the one that was left.
std::string open_files() {
  std::string names;
  std::error_code error;
  for (fs::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error))
    names += ' ' + fs::read_symlink(it->path(), error).string();
  return names;
}

} // namespace

footprint footprint::now() {
  footprint seen{.descriptors = entries_of("/proc/self/fd"),
    .threads = entries_of("/proc/self/task"),
    .mappings = library_mappings(),
    .descendants = marked_processes(own_mark()).size()};
  std::error_code error;
  for (fs::directory_iterator it("/proc/self/task", error), end; !error && it != end;
       it.increment(error)) {
    std::ifstream file(it->path() / "children");
    for (std::istream_iterator<pid_t> pid(file), none; pid != none; ++pid)
      ++(is_zombie(*pid) ? seen.zombies : seen.children);
  }
  return seen;
}

std::string footprint::excess_over(const footprint& before) const {
  auto words = difference("descriptors", descriptors, before.descriptors);
  if (!words.empty())
    words += " (" + open_files() + " )";
  words += difference("threads", threads, before.threads);
  words += difference("children", children, before.children);
  words += difference("zombies", zombies, before.zombies);
  words += difference("mappings", mappings, before.mappings);
  words += difference("descendants", descendants, before.descendants);
  return words;
}

std::size_t anonymous_kilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("RssAnon:"))
      return std::stoul(line.substr(8));
  return 0;
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

} // namespace torture
