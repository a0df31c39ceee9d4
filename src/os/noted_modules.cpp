#include "os/noted_modules.hpp"

#include "base/escape.hpp"
#include "base/hex.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <mutex>

namespace troupe::os {

namespace {

constexpr std::size_t most_modules = 256;

struct noted {
  std::uint32_t id;
  known_module module;
};

struct note_book {
  std::mutex mutex;
  std::deque<noted> modules; // guarded by mutex
};

note_book& notes() {
  static auto* const book = new note_book; // whatever runs at exit may ask
  return *book;
}

} // namespace

void note_module(std::uint32_t id, const std::string& path, const build_id& build) {
  const std::lock_guard lock(notes().mutex);
  auto& modules = notes().modules;
  for (const auto& one : modules)
    if (one.id == id)
      return;
  if (modules.size() == most_modules)
    modules.pop_front();
  modules.push_back({id, {path, build}});
}

std::optional<known_module> find_noted_module(std::uint32_t id) {
  const std::lock_guard lock(notes().mutex);
  for (const auto& one : notes().modules)
    if (one.id == id)
      return one.module;
  return std::nullopt;
}

namespace {

bool is_unknown(const code_location& place) {
  return place.module != 0 && place.module < repeated_frames && !address_of(place) &&
         !find_noted_module(place.module);
}

// "ADDRESS PERMISSIONS OFFSET DEVICE INODE   PATH": that of an executable part, or empty.
std::string file_of_code(const std::string& line) {
  const auto permissions = line.find(' ');
  const auto path = line.find('/');
  const bool is_code =
    permissions != std::string::npos && line.compare(permissions + 3, 1, "x") == 0;
  return is_code && path != std::string::npos ? line.substr(path) : std::string();
}

} // namespace

void note_modules_of(pid_t process, const std::vector<code_location>& places) {
  if (std::ranges::none_of(places, is_unknown))
    return;
  std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    const auto file = file_of_code(line);
    if (file.empty())
      continue;
    const auto build = file_build_id(file);
    if (build.length == 0)
      continue;
    const auto id = module_id_of(file, build);
    if (std::ranges::any_of(places, [id](const auto& one) { return one.module == id; }))
      note_module(id, file, build);
  }
}

std::string text_of_place(const code_location& place) {
  auto known = find_noted_module(place.module);
  if (!known)
    known = known_module{
      place.module == 0 ? "the program" : module_path(place.module), module_build_id(place.module)};
  const auto module = known->path.empty() ? "module " + base::hex(place.module) : known->path;
  return "(" + module + " + " + base::hex(place.offset) + ", build id " + to_string(known->build) +
         ")";
}

std::string text_of_places(const std::vector<code_location>& frames) {
  std::string text;
  std::size_t number = 0;
  for (const auto& place : frames) {
    if (place.module == repeated_frames)
      text += "   ... more of the same\n";
    else
      text += "#" + std::to_string(number++) + " " + base::escape(text_of_place(place)) + "\n";
  }
  return text;
}

} // namespace troupe::os
