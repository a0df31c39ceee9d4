#include "test/history.hpp"

#include "test/frameworks/names.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>

namespace troupe_cli::test {
namespace {

std::string one_field(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c == '\t' || c == '\n' || c == '\\')
      out.append({'\\', c == '\t' ? 't' : c == '\n' ? 'n' : '\\'});
    else
      out += c;
  return out;
}

} // namespace

history::history(std::string_view text) {
  for (const auto line : lines_of(text)) {
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos)
      continue;
    const auto outcome = line.substr(0, first);
    const std::string seconds(line.substr(first + 1, second - first - 1));
    if (outcome == "passed" || outcome == "failed")
      entries_[std::string(line.substr(second + 1))] = {
        outcome == "passed", std::strtod(seconds.c_str(), nullptr)};
  }
}

std::string history::text() const {
  std::string out;
  for (const auto& [key, what] : entries_)
    out.append(what.passed ? "passed" : "failed")
      .append("\t")
      .append(std::to_string(what.seconds))
      .append("\t")
      .append(key)
      .append("\n");
  return out;
}

std::string history::key(const plan& of, const planned_test& test) {
  return one_field(of.program_of(test).path) + '\t' + one_field(test.what.suite) + '\t' +
         one_field(test.what.name);
}

const history::entry* history::find(const plan& of, const planned_test& test) const {
  const auto found = entries_.find(key(of, test));
  return found == entries_.end() ? nullptr : &found->second;
}

void history::add(const results& from) {
  for (const auto& each : from.tests) {
    const auto name = key(*from.plan, from.planned(each));
    if (each.tries.empty() || each.kind() == verdict_kind::interrupted) {
      if (const auto known = entries_.find(name); known != entries_.end())
        known->second.passed = false;
      continue;
    }
    const auto seconds = std::chrono::duration<double>(each.last().time).count();
    entries_[name] = {!is_failure(each.kind()), seconds};
  }
}

std::string default_history_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder;
  if (cache != nullptr && *cache == '/')
    folder = cache;
  else if (home != nullptr && *home == '/')
    folder = std::string(home) + "/.cache";
  else
    return {};
  std::error_code error;
  folder += "/troupe/test";
  std::filesystem::create_directories(folder, error);
  const auto here = std::filesystem::current_path(error).string();
  return error ? std::string{} : folder + '/' + std::to_string(std::hash<std::string>{}(here));
}

} // namespace troupe_cli::test
