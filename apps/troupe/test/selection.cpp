#include "test/selection.hpp"

#include "problems.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace troupe_cli::test {
namespace {

std::vector<filter> filters_of(const std::vector<std::string>& texts) {
  std::vector<filter> out;
  for (const auto& each : texts)
    try {
      out.emplace_back(each);
    } catch (const std::invalid_argument& e) {
      throw usage_problem(e.what());
    }
  return out;
}

/// In which of the parts a test is: by its name, so that it stays there when others are added. FNV-1a.
unsigned part_of(const std::string& name, unsigned parts) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return static_cast<unsigned>((hash >> 16) % parts) + 1;
}

/// Removes the tests for which `keep` is false; what they refer to as going before them has new numbers.
template <class Keep>
void keep_tests(plan& from, Keep keep) {
  std::vector<bool> kept;
  std::vector<std::size_t> number(from.tests.size());
  std::vector<planned_test> left;
  for (std::size_t i = 0; i < from.tests.size(); ++i) {
    number[i] = left.size();
    kept.push_back(keep(from.tests[i]));
    if (kept[i])
      left.push_back(std::move(from.tests[i]));
  }
  const auto renumber = [&](std::vector<std::size_t>& list) {
    std::erase_if(list, [&](std::size_t each) { return !kept[each]; });
    for (auto& each : list)
      each = number[each];
  };
  for (auto& each : left) {
    renumber(each.after);
    renumber(each.requires_passed);
  }
  from.tests = std::move(left);
}

void repeat(plan& from, unsigned times) {
  if (times < 2)
    return;
  const auto count = from.tests.size();
  std::vector<planned_test> all;
  for (unsigned i = 1; i <= times; ++i)
    for (auto each : from.tests) {
      each.repetition = i;
      for (auto* list : {&each.after, &each.requires_passed})
        for (auto& before : *list)
          before += (i - 1) * count;
      all.push_back(std::move(each));
    }
  from.tests = std::move(all);
}

} // namespace

void select_tests(
  plan& from, const test_options& options, const settings_file& settings, const history& before) {
  const auto filters = filters_of(options.filters);
  if (!filters.empty())
    keep_tests(from, [&](const planned_test& test) {
      return std::ranges::any_of(filters,
        [&](const filter& each) { return each.matches(from.program_of(test).name, test.what); });
    });
  if (options.rerun)
    keep_tests(from, [&](const planned_test& test) {
      const auto* known = before.find(from, test);
      return known == nullptr || !known->passed;
    });
  if (options.shards > 0)
    keep_tests(from, [&](const planned_test& test) {
      return part_of(from.title(test), options.shards) == options.shard;
    });
  repeat(from, options.repeat);
  for (auto& each : from.tests) {
    auto base = each.settings;
    if (options.timeout)
      base.timeout = *options.timeout;
    if (options.slow)
      base.slow = *options.slow;
    base.retries = options.retries;
    each.settings = settings_for(settings, from.program_of(each).name, each.what, std::move(base));
    if (const auto* known = before.find(from, each))
      each.expected_seconds = known->seconds;
  }
}

} // namespace troupe_cli::test
