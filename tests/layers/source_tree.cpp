#include "layers/source_tree.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

namespace troupe::test {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

// What a file includes, as it is written.
std::vector<std::string> includes_of(const std::string& text) {
  static const std::regex directive(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
  std::vector<std::string> result;
  std::smatch match;
  for (const auto& line : lines_of(text))
    if (line.find('#') != std::string::npos && std::regex_match(line, match, directive))
      result.push_back(match[1]);
  return result;
}

bool is_public(const std::string& file) {
  return file.starts_with("include/");
}

// The room of a file, or nothing for one that is in no room.
std::string room_of(const std::string& file) {
  if (!file.starts_with("src/"))
    return {};
  const auto end = file.find('/', 4);
  return end == std::string::npos ? std::string() : file.substr(4, end - 4);
}

// The file of the project that an `#include` means, or nothing. CAF's headers are in a folder that has the
// name of a room: what is a file of that room is meant.
std::string file_of(const source_tree& sources, const std::string& included) {
  for (const char* folder : {"src/", "src/caf/v0/", "include/"})
    if (sources.contains(folder + included))
      return folder + included;
  return {};
}

// Of two directories with the same files, of which one is built, the other one.
bool is_alternative(const std::string& file) {
  return file.starts_with("src/caf/v1/");
}

// A header may be the same for all versions of CAF where its source is not.
std::string folder_of(const std::string& file) {
  const auto folder = fs::path(file).parent_path().string();
  return folder == "src/caf/v0/compat" ? "src/caf" : folder;
}

bool is_large(const std::string& included) {
  return included.starts_with("caf/") || included.starts_with("boost/asio") ||
         included.starts_with("spdlog/");
}

} // namespace

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

source_tree read_sources(const fs::path& root) {
  source_tree result;
  for (const char* folder : {"src", "include"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp")
        result.emplace(fs::relative(entry.path(), root).string(), read_text(entry.path()));
  return result;
}

std::map<std::string, int> ranks_of_rooms(const std::string& readme) {
  static const std::regex row(R"(^\| (`\w+`(?:, `\w+`)*) \|.*)");
  static const std::regex word("\\w+");
  std::map<std::string, int> result;
  bool inside = false;
  int rank = 0;
  std::smatch match;
  for (const auto& line : lines_of(readme)) {
    if (line.starts_with("## "))
      inside = line == "## Layers";
    if (!inside || !std::regex_match(line, match, row))
      continue;
    ++rank;
    const std::string rooms = match[1];
    for (std::sregex_iterator name(rooms.begin(), rooms.end(), word), end; name != end; ++name)
      result.emplace(name->str(), rank);
  }
  return result;
}

std::vector<std::string> wrong_includes(
  const source_tree& sources, const std::map<std::string, int>& ranks) {
  std::vector<std::string> result;
  for (const auto& [file, text] : sources) {
    const auto room = room_of(file);
    if (!room.empty() && !ranks.contains(room))
      result.push_back(file + " is in a room that src/README.md does not list");
    for (const auto& included : includes_of(text)) {
      const auto found = file_of(sources, included);
      const auto other = room_of(found);
      if (other.empty() || other == room || !ranks.contains(other))
        continue;
      const bool allowed =
        !is_public(file) &&
        (room.empty() || (ranks.contains(room) && ranks.at(other) < ranks.at(room)));
      if (!allowed)
        result.push_back(file + " includes " + found);
    }
  }
  return result;
}

std::vector<std::string> questions_for_version(const source_tree& sources) {
  std::vector<std::string> result;
  for (const auto& [file, text] : sources)
    if (room_of(file) != "caf" && !file.starts_with("include/troupe/detail/"))
      for (const auto& line : lines_of(text))
        if (line.find("CAF_VERSION") != std::string::npos ||
            line.find("CAF_MAJOR_VERSION") != std::string::npos ||
            line.find("TROUPE_CAF_API") != std::string::npos)
          result.push_back(file + " says " + line);
  return result;
}

std::vector<std::string> unmatched_alternatives(const source_tree& sources) {
  const std::map<std::string, std::string> other{
    {"src/caf/v0/", "src/caf/v1/"}, {"src/caf/v1/", "src/caf/v0/"}};
  std::vector<std::string> result;
  for (const auto& [file, text] : sources)
    for (const auto& [folder, counterpart] : other)
      if (file.starts_with(folder) && !sources.contains(counterpart + file.substr(folder.size())))
        result.push_back(file + " has no counterpart in " + counterpart);
  return result;
}

std::vector<std::string> hidden_declarations(const source_tree& sources) {
  std::vector<std::string> result;
  for (const auto& [file, text] : sources) {
    bool visible = false;
    for (const auto& line : lines_of(text)) {
      if (line.starts_with("#pragma GCC visibility"))
        visible = line == "#pragma GCC visibility push(default)";
      if (is_public(file) && line.starts_with("namespace troupe") && !visible)
        result.push_back(file + " opens " + line.substr(0, line.find(" {")));
    }
  }
  return result;
}

std::vector<std::string> impure_includes(
  const source_tree& sources, const std::vector<std::string>& pure_places) {
  std::vector<std::string> result;
  for (const auto& [file, text] : sources) {
    bool pure = false;
    for (const auto& place : pure_places)
      pure = pure || file == place || room_of(file) == place;
    std::map<std::string, std::string> ways; // to each file that has been reached
    std::vector<std::string> next;
    if (pure)
      next.push_back(file), ways.emplace(file, file);
    while (!next.empty()) {
      const auto current = std::move(next.back());
      next.pop_back();
      for (const auto& included : includes_of(sources.at(current))) {
        const auto found = file_of(sources, included);
        if (found.empty() && is_large(included))
          result.push_back(ways.at(current) + " -> " + included);
        else if (!found.empty() && ways.emplace(found, ways.at(current) + " -> " + found).second)
          next.push_back(found);
      }
    }
  }
  return result;
}

std::vector<std::string> costly_includes(const source_tree& sources) {
  static const std::set<std::string> costly{
    "algorithm", "atomic", "chrono", "functional", "iostream", "memory", "regex"};
  std::vector<std::string> result;
  for (const auto& [file, text] : sources)
    if (is_public(file) && file != "include/troupe/detail/std_parts.hpp")
      for (const auto& included : includes_of(text))
        if (costly.contains(included))
          result.push_back(file + " includes " + included);
  return result;
}

std::vector<std::string> shared_file_names(const source_tree& sources) {
  std::map<std::string, std::set<std::string>> places;
  for (const auto& [file, text] : sources)
    if (!is_public(file) && !is_alternative(file))
      places[fs::path(file).stem().string()].insert(folder_of(file));
  std::vector<std::string> result;
  for (const auto& [name, folders] : places)
    if (folders.size() > 1)
      result.push_back(name + " is in " + *folders.begin() + " and in " + *folders.rbegin());
  return result;
}

std::vector<std::string> shared_class_names(const source_tree& sources) {
  // clang-format sees to it that what is in no class begins a line.
  static const std::regex definition(
    R"(^(?:class|struct|enum class|union) (?:alignas\(\w+\) )?(\w+)(?: final)?(?: : [^;]*| : [^;]*| ?\{.*| *)$)");
  std::map<std::string, std::vector<std::string>> files;
  std::smatch match;
  for (const auto& [file, text] : sources)
    if (!is_public(file) && !is_alternative(file))
      for (const auto& line : lines_of(text))
        if ((line.starts_with("class ") || line.starts_with("struct ") ||
              line.starts_with("enum ") || line.starts_with("union ")) &&
            std::regex_match(line, match, definition))
          files[match[1]].push_back(file);
  std::vector<std::string> result;
  for (const auto& [name, where] : files)
    if (where.size() > 1)
      result.push_back(name + " is a class in " + where.front() + " and in " + where.back());
  return result;
}

} // namespace troupe::test
