#include "config/config_sources.hpp"

#include "base/limits.hpp"
#include "config/config_value.hpp"
#include "config/file_contents.hpp"
#include "config/message_text.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <set>

#include <glob.h>

namespace troupe::detail {

namespace {

namespace fs = std::filesystem;

struct placed_text {
  std::string text;
  text_position where;
};

// A directory may have what is a pattern elsewhere in its name.
std::string escaped_for_glob(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// The files of a pattern, sorted by their bytes.
std::vector<fs::path> files_of(const fs::path& directory, const std::string& pattern) {
  if (!is_pattern(pattern))
    return {directory / pattern};
  const bool absolute = pattern.starts_with('/');
  const auto full =
    absolute || directory.empty() ? pattern : escaped_for_glob(directory.native()) + '/' + pattern;
  glob_t found{};
  std::vector<fs::path> files;
  if (::glob(full.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::ranges::sort(files, {}, &fs::path::native);
  return files;
}

fs::path identity_of(const fs::path& path) {
  std::error_code failure;
  auto canonical = fs::canonical(path, failure);
  return failure ? path : canonical;
}

class source_reader {
public:
  source_reader(config_sources& sources, bool with_modules, config_problems& problems)
    : sources_(sources)
    , with_modules_(with_modules)
    , problems_(problems) {}

  void read(const fs::path& path, const std::string& text) {
    const auto name = file_for_message(path.native());
    problems_.add_source(name, true);
    reading_.emplace_back(identity_of(path), name);
    auto table = parse_toml(text, name, problems_);
    const auto included = take("include", table);
    if (with_modules_)
      take_modules(path.parent_path(), table);
    merge(sources_.entries, table, {});
    for (const auto& [pattern, where] : included)
      include(path.parent_path(), pattern, where);
    done_.insert(reading_.back().first);
    reading_.pop_back();
  }

private:
  std::vector<placed_text> take(std::string_view key, toml::table& table) {
    const auto* node = table.get(key);
    std::vector<placed_text> texts;
    if (node == nullptr)
      return texts;
    for (const auto* text : config_value{*node, std::string(key), problems_}.texts())
      texts.push_back({text->get(), position_of(text->source())});
    table.erase(key);
    return texts;
  }

  void take_modules(const fs::path& directory, toml::table& table) {
    for (const auto& [text, where] : take("modules", table)) {
      config_module found{directory / text, where};
      std::error_code failure;
      if (text.empty() || !fs::is_regular_file(found.path, failure))
        problems_.add(where, "modules",
          file_for_message(found.path.native()) + ": " +
            (failure && failure != std::errc::no_such_file_or_directory ? failure.message()
                                                                        : "there is no such file"));
      sources_.modules.push_back(std::move(found)); // it is named, all the same
    }
  }

  void include(const fs::path& directory, const std::string& pattern, const text_position& where) {
    if (pattern.empty())
      return problems_.add(where, "include", "expected the name of a file, found \"\"");
    for (const auto& file : files_of(directory, pattern)) {
      if (const auto problem = why_not(file); !problem.empty())
        problems_.add(where, "include", problem);
      else
        include_file(file, where);
    }
  }

  std::string why_not(const fs::path& file) const {
    const auto identity = identity_of(file);
    const auto name = file_for_message(file.native());
    const auto outer = std::ranges::find(reading_, identity, &known_file::first);
    if (outer != reading_.end()) {
      std::string circle;
      for (auto at = outer; at != reading_.end(); ++at)
        circle += at->second + " -> ";
      return "a circle: " + circle + name;
    }
    if (done_.contains(identity))
      return name + " is included already";
    if (done_.size() + reading_.size() > limits::max_included_files)
      return "more than " + std::to_string(limits::max_included_files) + " files";
    return {};
  }

  void include_file(const fs::path& file, const text_position& where) {
    std::string text;
    try {
      text = read_config_file(file);
    } catch (const config_error& error) {
      return problems_.add(where, "include", error.what());
    }
    read(file, text);
  }

  // What two files say of the same thing is nobody's intention.
  void merge(toml::table& into, toml::table& from, const std::string& path) {
    for (auto&& [key, value] : from) {
      const auto key_path =
        (path.empty() ? std::string() : path + '.') + key_for_message(key.str());
      auto* const known = into.get(key.str());
      if (known == nullptr)
        put(into, key, value);
      else if (known->is_table() && value.is_table())
        merge(*known->as_table(), *value.as_table(), key_path);
      else
        problems_.add(position_of(key.source()), key_path,
          "is given already, at " + problems_.locate(position_of(known->source())));
    }
  }

  using known_file = std::pair<fs::path, std::string>;

  config_sources& sources_;
  const bool with_modules_;
  config_problems& problems_;
  std::vector<known_file> reading_; // the one that is read, and those that include it
  std::set<fs::path> done_;
};

} // namespace

config_sources read_config_sources(
  const fs::path& path, bool with_modules, config_problems& problems) {
  config_sources sources;
  const auto text = read_config_file(path);
  source_reader(sources, with_modules, problems).read(path, text);
  return sources;
}

} // namespace troupe::detail
