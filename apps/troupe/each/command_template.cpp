#include "each/command_template.hpp"

#include "command/shell_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe_cli {
namespace {

enum class placeholder { all, stem, base, directory, base_stem, number, slot };

// Longer ones first, where one begins as another does.
constexpr std::array<std::pair<std::string_view, placeholder>, 7> placeholders{
  {{"{//}", placeholder::directory}, {"{/.}", placeholder::base_stem}, {"{/}", placeholder::base},
    {"{.}", placeholder::stem}, {"{}", placeholder::all}, {"{#}", placeholder::number},
    {"{%}", placeholder::slot}}};

const std::pair<std::string_view, placeholder>* placeholder_at(std::string_view text) {
  for (const auto& each : placeholders) {
    if (text.starts_with(each.first))
      return &each;
  }
  return nullptr;
}

bool has_placeholder(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (placeholder_at(word.substr(i)))
      return true;
  }
  return false;
}

std::string_view base_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A name that begins with a dot has no extension by that.
std::string_view without_extension(std::string_view path) {
  const auto base = base_of(path);
  const auto dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0)
    return path;
  return path.substr(0, path.size() - (base.size() - dot));
}

std::string_view value_of(placeholder what, const input& from, const command_template::place& at) {
  switch (what) {
  case placeholder::all:
    return from.text;
  case placeholder::stem:
    return without_extension(from.text);
  case placeholder::base:
    return base_of(from.text);
  case placeholder::directory:
    return directory_of(from.text);
  case placeholder::base_stem:
    return without_extension(base_of(from.text));
  case placeholder::number:
    return at.number;
  case placeholder::slot:
    break;
  }
  return at.slot;
}

std::string expand_word(
  std::string_view word, const input& from, const command_template::place& at, bool quoted) {
  std::string out;
  while (!word.empty()) {
    if (const auto* found = placeholder_at(word)) {
      const auto value = value_of(found->second, from, at);
      out += quoted ? shell_quoted(value) : std::string(value);
      word.remove_prefix(found->first.size());
    } else {
      out += word.front();
      word.remove_prefix(1);
    }
  }
  return out;
}

} // namespace

std::vector<std::string> command_template::expand(const input& from, const place& at) const {
  std::vector<std::string> out;
  if (shell)
    out = {"/bin/sh", "-c", ""};
  for (const auto& word : words) {
    auto expanded = expand_word(word, from, at, shell);
    if (!shell)
      out.push_back(std::move(expanded));
    else
      out.back() += (out.back().empty() ? "" : " ") + expanded;
  }
  return out;
}

command_template make_template(std::vector<std::string> words, bool shell) {
  if (std::none_of(words.begin(), words.end(), has_placeholder))
    words.emplace_back("{}");
  return {std::move(words), shell};
}

} // namespace troupe_cli
