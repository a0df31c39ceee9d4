#include "test/framework.hpp"

#include <algorithm>
#include <array>

namespace troupe_cli::test {
namespace {

struct entry {
  framework which;
  const char* name;
  const char* word;
  const framework_rules& (*rules)();
};

constexpr std::array entries{
  entry{framework::plain, "a plain program", "plain", plain_rules},
  entry{framework::googletest, "GoogleTest", "gtest", googletest_rules},
  entry{framework::catch2, "Catch2 2", "catch2", catch2_rules},
  entry{framework::catch2_3, "Catch2 3", "catch2-3", catch2_3_rules},
  entry{framework::doctest, "doctest", "doctest", doctest_rules},
  entry{framework::boost_test, "Boost.Test", "boost", boost_test_rules},
};

const entry& entry_of(framework which) {
  return *std::ranges::find(entries, which, &entry::which);
}

/// A program without a framework: one case, which is judged by its exit code alone.
class plain_program final : public framework_rules {
public:
  std::vector<std::vector<std::string>> list_calls(const std::string&) const override { return {}; }
  listing read_listing(std::span<const written>, const std::string& program) const override {
    return {.cases = {{.name = program}}};
  }
  run_call run(
    std::span<const test_case* const>, const std::string&, const std::string&) const override {
    return {};
  }
  std::vector<std::string> rerun(const test_case&) const override { return {}; }
  run_record read_record(const written&) const override { return {.complete = true}; }
};

} // namespace

const char* name_of(framework which) {
  return entry_of(which).name;
}

std::optional<framework> framework_named(std::string_view word) {
  const auto found = std::ranges::find(entries, word, &entry::word);
  return found == entries.end() ? std::nullopt : std::optional(found->which);
}

const framework_rules& rules_of(framework which) {
  return entry_of(which).rules();
}

const framework_rules& plain_rules() {
  static const plain_program rules;
  return rules;
}

} // namespace troupe_cli::test
