#include <troupe/detail/module_task.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
}

// Where the comma behind the first item is, or the end. Within other brackets < and > compare.
std::size_t end_of_item(std::string_view text) {
  int brackets = 0;
  int angles = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') { // to its end
      for (++i; i < text.size() && text[i] != c; ++i)
        if (text[i] == '\\')
          ++i;
    } else if (std::string_view("([{").find(c) != std::string_view::npos) {
      ++brackets;
    } else if (std::string_view(")]}").find(c) != std::string_view::npos) {
      --brackets;
    } else if (brackets == 0 && c == '<') {
      ++angles;
    } else if (brackets == 0 && c == '>' && i > 0 && text[i - 1] != '-') {
      --angles;
    } else if (c == ',' && brackets == 0 && angles == 0) {
      return i;
    }
  }
  return text.size();
}

bool is_name(std::string_view text) {
  const auto is_part = [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') && std::ranges::all_of(text, is_part);
}

// "books::parse", "&parse" and "troupe::blocking(parse)" are all called "parse".
std::string name_of(std::string_view written) {
  auto text = trimmed(written);
  if (text.starts_with('&'))
    text = trimmed(text.substr(1));
  if (const auto open = text.find('('); open != std::string_view::npos && text.ends_with(')')) {
    auto function = trimmed(text.substr(0, open));
    if (const auto colon = function.rfind(':'); colon != std::string_view::npos)
      function.remove_prefix(colon + 1);
    if (function == "blocking")
      return name_of(text.substr(open + 1, text.size() - open - 2));
  }
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos)
    text.remove_prefix(colon + 1);
  text = trimmed(text);
  return is_name(text) ? std::string(text) : std::string();
}

} // namespace

std::vector<std::string> names_of_functions(std::string_view written) {
  std::vector<std::string> names;
  while (!trimmed(written).empty()) {
    const auto end = end_of_item(written);
    names.push_back(name_of(written.substr(0, end)));
    written.remove_prefix(std::min(end + 1, written.size()));
  }
  return names;
}

const char* problem_of(const std::vector<module_task>& tasks) {
  std::vector<std::string_view> names;
  for (const auto& task : tasks)
    names.push_back(task.name);
  std::ranges::sort(names);
  if (std::ranges::find(names, "") != names.end())
    return "a function of TROUPE_TASKS has no name: write troupe::named(\"...\", function)";
  if (std::ranges::adjacent_find(names) != names.end())
    return "two functions of TROUPE_TASKS have the same name: write troupe::named(\"...\", "
           "function) for one of them";
  return nullptr;
}

} // namespace troupe::detail
