#include "footprint.hpp"

#include "descendants.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/types.h>
#include <unistd.h>

namespace torture {

namespace {

namespace fs = std::filesystem;

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
  const auto self = ::getpid();
  const auto all = troupe::test::children_of(self);
  const auto zombies = static_cast<std::size_t>(
    std::ranges::count_if(all, [](pid_t pid) { return troupe::test::state_of(pid) == "Z"; }));
  return {.descriptors = troupe::test::open_descriptors(self),
    .threads = troupe::test::thread_count(self),
    .children = all.size() - zombies,
    .zombies = zombies,
    .mappings = library_mappings(),
    .descendants = marked_processes(own_mark()).size()};
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

} // namespace torture
