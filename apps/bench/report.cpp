#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

namespace bench {

namespace {

// Four digits or so: the machine is not more exact.
std::string shown(double value) {
  char text[64];
  const double size = value < 0 ? -value : value;
  if (size < 1)
    std::snprintf(text, sizeof text, "%.3g", value);
  else
    std::snprintf(text, sizeof text, "%.*f", size >= 1000 ? 0 : size >= 100 ? 1 : 2, value);
  return text;
}

std::string shown_place(double at) {
  char text[64];
  std::snprintf(text, sizeof text, "%.10g", at);
  return text;
}

void add(std::vector<row>& rows, const std::string& name, const reading& read) {
  auto found = std::find_if(rows.begin(), rows.end(),
    [&](const row& each) { return each.name == name && each.what == read.what; });
  if (found == rows.end())
    found = rows.insert(rows.end(), row{name, read.what, read.unit});
  found->samples.push_back(read.value);
}

} // namespace

std::string scene::text() const {
  return at ? title + "; " + axis + ": " + shown_place(*at) : title;
}

double row::least() const {
  return *std::min_element(samples.begin(), samples.end());
}

double row::median() const {
  auto sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  return (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
}

double row::most() const {
  return *std::max_element(samples.begin(), samples.end());
}

measurement take_turns(scene of, int rounds, const std::vector<contender>& contenders) {
  measurement result{.of = std::move(of)};
  std::vector<measurement> own(
    contenders.size()); // so that the rows stand in the contenders' order
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      if (!own[i].absent.empty())
        continue;
      try {
        for (const auto& each : contenders[i].run())
          add(own[i].rows, contenders[i].name, each);
      } catch (const unavailable& e) {
        own[i] = {.of = {}, .absent = {{contenders[i].name, e.what()}}};
      }
    }
  for (auto& each : own) {
    std::move(each.rows.begin(), each.rows.end(), std::back_inserter(result.rows));
    std::move(each.absent.begin(), each.absent.end(), std::back_inserter(result.absent));
  }
  return result;
}

std::string as_table(const measurement& measured) {
  char line[256];
  std::snprintf(line, sizeof line, "%-52s%12s%12s%12s\n", "", "min", "median", "max");
  std::string text = measured.of.text() + '\n' + line;
  std::map<std::string, const row*> first; // of each quantity
  std::string name;
  for (const auto& each : measured.rows) {
    const auto* compared = first.emplace(each.what, &each).first->second;
    std::snprintf(line, sizeof line, "  %-32s %-9s %-7s%12s%12s%12s",
      each.name == name ? "" : each.name.c_str(), each.what.c_str(), each.unit.c_str(),
      shown(each.least()).c_str(), shown(each.median()).c_str(), shown(each.most()).c_str());
    text += line;
    if (compared != &each && compared->unit == each.unit && compared->median() != 0)
      text += "  " + shown(each.median() / compared->median()) + " x";
    text += '\n';
    name = each.name;
  }
  for (const auto& each : measured.absent)
    text += "  " + each.name + ": " + each.reason + '\n';
  return text;
}

} // namespace bench
