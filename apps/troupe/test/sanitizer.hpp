#pragma once

#include <string>
#include <string_view>

namespace troupe_cli::test {

/// A report of a sanitizer in what a program wrote.
struct sanitizer_report {
  std::string
    kind{}; ///< "AddressSanitizer", "UndefinedBehaviorSanitizer", ...; empty: there is none
  std::string summary{}; ///< its first line
  std::string text{}; ///< the report, as far as it can be told from what else was written; bounded
};

/// The first report in `output`. O(length).
sanitizer_report find_sanitizer_report(std::string_view output);

} // namespace troupe_cli::test
