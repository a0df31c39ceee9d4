#pragma once

#include "test/plan.hpp"

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// The tests of a build folder, as `ctest --show-only=json-v1` describes them: each a plain program with the properties
/// WORKING_DIRECTORY, ENVIRONMENT, ENVIRONMENT_MODIFICATION, TIMEOUT, PROCESSORS, RESOURCE_LOCK, RUN_SERIAL, DEPENDS,
/// FIXTURES_*, SKIP_RETURN_CODE, PASS_, FAIL_ and SKIP_REGULAR_EXPRESSION, WILL_FAIL, DISABLED, LABELS (tags) and COST.
/// The tests are added to the plan, a program for each. Throws `std::runtime_error` with what is wrong with the text.
void add_ctest_tests(std::string_view json, plan& to);

/// What a change of an environment variable makes of `value` (null: it is not set): the operations of
/// ENVIRONMENT_MODIFICATION, such as "path_list_prepend:/opt/bin". Nothing: it is to be unset.
std::optional<std::string> modified_variable(
  std::optional<std::string> value, std::string_view operation);

} // namespace troupe_cli::test
