// One rule for each option: the constructor of a pool and a configuration file accept the same.
#include "config/pool_keys.hpp"
#include "support/catch.hpp"
#include "values/option_rules.hpp"

#include <stdexcept>

using namespace troupe::detail;
using troupe::pool_options;

namespace {

template <class Rule>
void check_bounds(const Rule& rule) {
  CAPTURE(rule.name);
  pool_options options{.processes = troupe::limits::max_processes};
  for (const auto value : {rule.least, rule.most}) {
    if (rule.name != "processes" || value == rule.most) // none: as many as there are CPUs
      rule.member(options) = value;
    CHECK_NOTHROW(check_options(options));
  }
  if (rule.most != std::numeric_limits<decltype(rule.most)>::max()) {
    auto above = rule.most;
    rule.member(options) = ++above;
    CHECK_THROWS_AS(check_options(options), std::invalid_argument);
  }
}

// Visits each rule among the keys, also those in tables.
void check_keys(std::span<const pool_key> keys) {
  for (const auto& key : keys) {
    if (const auto* count = std::get_if<count_rule>(&key.kind))
      check_bounds(*count);
    else if (const auto* time = std::get_if<time_rule>(&key.kind))
      check_bounds(*time);
    else if (const auto* group = std::get_if<group_key>(&key.kind))
      check_keys(group->keys());
  }
}

} // namespace

TEST_CASE("a pool accepts what a configuration file accepts of each option") {
  check_keys(pool_keys());
}
