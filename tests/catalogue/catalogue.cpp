#include "catalogue/catalogue.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace troupe::test {

namespace {

using state = fault_row::state;

struct marker {
  const char* text;
  state is;
};
constexpr marker markers[] = {
  {"in part: ", state::in_part}, {"not yet: ", state::not_yet}, {"not here: ", state::not_here}};

// A line that belongs to a row; false if it is none.
bool add_to(fault_row& row, const std::string& line) {
  if (line.starts_with("- "))
    row.cases.push_back(line.substr(2));
  else if (line.starts_with("+ "))
    row.programs.push_back(line.substr(2));
  else {
    const auto* const found = std::find_if(std::begin(markers), std::end(markers),
      [&](const marker& one) { return line.starts_with(one.text); });
    if (found == std::end(markers) || row.is != state::proven)
      return false;
    row.is = found->is;
    row.rest = line.substr(std::string_view(found->text).size());
  }
  return true;
}

std::size_t count_of(const fault_catalogue& catalogue, state is) {
  return static_cast<std::size_t>(std::count_if(catalogue.rows.begin(), catalogue.rows.end(),
    [=](const fault_row& row) { return row.is == is; }));
}

void check_number(const fault_catalogue& catalogue, state is, std::size_t said, const char* what,
  std::vector<std::string>& problems) {
  const auto count = count_of(catalogue, is);
  if (count == said)
    return;
  std::string text = "the catalogue says \"" + std::string(what) + " = " + std::to_string(said) +
                     "\", but these are " + std::to_string(count) + ":";
  for (const auto& row : catalogue.rows)
    if (row.is == is)
      text += " " + row.id;
  problems.push_back(text);
}

void check_row(const fault_row& row, const known_tests& tests, std::vector<std::string>& problems) {
  const bool has_tests = !row.cases.empty() || !row.programs.empty();
  const bool may_have_none = row.is == state::not_yet || row.is == state::not_here;
  if (!has_tests && !may_have_none)
    problems.push_back(row.id + " has no test");
  if (has_tests && may_have_none)
    problems.push_back(row.id + " has a test, so it is proven, or in part");
  for (const auto& one : row.cases)
    if (!tests.cases.contains(one))
      problems.push_back(row.id + ": there is no test case \"" + one + "\"");
  for (const auto& one : row.programs)
    if (!tests.programs.contains(one))
      problems.push_back(row.id + ": CTest has no test " + one);
}

// The string literals one after the other that begin at `at`, as one text.
std::string literals_at(const std::string& source, std::size_t at) {
  std::string text;
  while (at < source.size() && source[at] == '"') {
    for (++at; at < source.size() && source[at] != '"'; ++at) {
      at += source[at] == '\\' ? 1u : 0u;
      text += source[at];
    }
    at = source.find_first_not_of(" \n", at + 1);
  }
  return text;
}

} // namespace

fault_catalogue parse_catalogue(const std::string& text) {
  static const std::regex title("== ([A-Z])\\. .+");
  static const std::regex number("(not yet|in part) = ([0-9]{1,3})");
  static const std::regex begin("([A-Z])([0-9]{1,2}) (.+)");
  fault_catalogue result;
  std::map<std::string, int> rows_of; // a section has so many
  std::string section;
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    ++count;
    std::smatch found;
    const auto refuse = [&](const std::string& why) {
      throw std::runtime_error("line " + std::to_string(count) + " " + why + ": " + line);
    };
    if (line.empty() || line.starts_with("#"))
      continue;
    if (std::regex_match(line, found, title)) {
      section = found[1];
      if (rows_of.contains(section))
        refuse("begins a section again");
      rows_of[section] = 0;
    } else if (std::regex_match(line, found, number)) {
      (found[1] == "not yet" ? result.not_yet : result.in_part) = std::stoul(found[2]);
    } else if (std::regex_match(line, found, begin)) {
      if (found[1] != section || std::stoi(found[2]) != ++rows_of[section])
        refuse("is not the next row of its section");
      result.rows.push_back({found[1].str() + found[2].str(), found[3], {}, {}, {}, {}});
    } else if (result.rows.empty() || !add_to(result.rows.back(), line)) {
      refuse("belongs to no row");
    }
  }
  return result;
}

std::set<std::string> cases_in(const std::string& source) {
  static const std::regex begin("(^|\n)(TEST_CASE\\(\\s*|TEST_CASE_METHOD\\([^\"]*,\\s*)(?=\")");
  std::set<std::string> names;
  for (std::sregex_iterator found(source.begin(), source.end(), begin), end; found != end; ++found)
    names.insert(literals_at(source,
      static_cast<std::size_t>(found->position()) + static_cast<std::size_t>(found->length())));
  return names;
}

std::set<std::string> programs_in(const std::string& cmake) {
  static const std::regex begin("add_test\\(NAME ([a-z_0-9]+)");
  std::set<std::string> names;
  for (std::sregex_iterator found(cmake.begin(), cmake.end(), begin), end; found != end; ++found)
    names.insert((*found)[1]);
  return names;
}

std::vector<std::string> problems_of(const fault_catalogue& catalogue, const known_tests& tests) {
  std::vector<std::string> problems;
  auto must_prove = tests.must_prove;
  for (const auto& row : catalogue.rows) {
    check_row(row, tests, problems);
    for (const auto& one : row.cases)
      must_prove.erase(one);
  }
  for (const auto& one : must_prove)
    problems.push_back("no row has the test case \"" + one + "\"");
  check_number(catalogue, state::not_yet, catalogue.not_yet, "not yet", problems);
  check_number(catalogue, state::in_part, catalogue.in_part, "in part", problems);
  return problems;
}

std::string report_of(const fault_catalogue& catalogue) {
  std::string text;
  for (const auto& row : catalogue.rows) {
    text += row.id + " " + row.text + "\n";
    for (const auto& one : row.cases)
      text += "     " + one + "\n";
    for (const auto& one : row.programs)
      text += "     CTest: " + one + "\n";
    for (const auto& one : markers)
      if (one.is == row.is)
        text += "   " + std::string(one.text) + row.rest + "\n";
  }
  return text + std::to_string(catalogue.rows.size()) +
         " rows: " + std::to_string(count_of(catalogue, state::proven)) + " proven, " +
         std::to_string(count_of(catalogue, state::in_part)) + " in part, " +
         std::to_string(count_of(catalogue, state::not_yet)) + " not yet, " +
         std::to_string(count_of(catalogue, state::not_here)) + " not on this machine\n";
}

} // namespace troupe::test
