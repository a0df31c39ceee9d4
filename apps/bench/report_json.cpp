#include "report.hpp"

#include <nlohmann/json.hpp>

namespace bench {

namespace {

using nlohmann::ordered_json;

ordered_json rows_of(const measurement& from) {
  auto rows = ordered_json::array();
  for (const auto& each : from.rows)
    rows.push_back(
      {{"name", each.name}, {"what", each.what}, {"unit", each.unit}, {"min", each.least()},
        {"median", each.median()}, {"max", each.most()}, {"samples", each.samples}});
  return rows;
}

ordered_json absent_of(const measurement& from) {
  auto absent = ordered_json::array();
  for (const auto& each : from.absent)
    absent.push_back({{"name", each.name}, {"reason", each.reason}});
  return absent;
}

} // namespace

std::string as_json(const circumstances& at, const std::vector<measurement>& all) {
  ordered_json json{
    {"version", at.version}, {"cpus", at.cpus}, {"rounds", at.rounds}, {"load", at.load}};
  auto measured = ordered_json::array();
  for (const auto& each : all) {
    ordered_json one{{"title", each.of.title}};
    if (each.of.at) {
      one["axis"] = each.of.axis;
      one["at"] = *each.of.at;
    }
    one["rows"] = rows_of(each);
    one["absent"] = absent_of(each);
    measured.push_back(std::move(one));
  }
  json["measurements"] = std::move(measured);
  return json.dump(2) + '\n';
}

} // namespace bench
