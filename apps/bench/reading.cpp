#include "reading.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {

double quantile(std::vector<double>& values, double part) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::vector<reading> percentiles(std::vector<double> times, const std::string& unit) {
  const bool many = times.size() >= 1000;
  return {{"p50", quantile(times, 0.5), unit}, {"p99", quantile(times, 0.99), unit},
    {many ? "p99.9" : "longest", quantile(times, many ? 0.999 : 1), unit}};
}

void print(const std::vector<reading>& readings) {
  for (const auto& each : readings)
    std::printf("%s %.9g %s\n", each.what.c_str(), each.value, each.unit.c_str());
}

} // namespace bench
