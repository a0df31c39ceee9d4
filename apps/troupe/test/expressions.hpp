#pragma once

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// Whether a regular expression is found in `text`. One that is not well-formed, or too much for the library, is not found;
/// `problem_of_expression` says so beforehand.
bool found_in(std::string_view text, const std::string& expression);

/// What is wrong with it; empty if nothing is.
std::string problem_of_expression(const std::string& expression);

} // namespace troupe_cli::test
