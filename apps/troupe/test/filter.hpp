#pragma once

#include "test/test_case.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe_cli::test {

/// Which tests are meant, as people write it: `suite(net) and not tag(slow)`.
///
///     filter := filter "or" filter | filter "and" filter | "not" filter | "(" filter ")" | set | word
///     set    := "suite(" P ")" | "test(" P ")" | "tag(" P ")" | "binary(" P ")" | "file(" P ")" | "all()"
///
/// P is compared with the whole of a suite, tag, file or name of a binary, and looked for anywhere in the name of a
/// test. "*" and "?" are wildcards, and then it is compared with the whole; so it is with "=" before it, and without
/// wildcards. It may stand in quotes, with a backslash before quotes and backslashes. A word without all that is looked
/// for in "suite.name". "and" binds closer than "or".
class filter {
public:
  /// Throws `std::invalid_argument` with what is wrong, and where.
  explicit filter(std::string_view text);
  filter(filter&&) noexcept;
  filter& operator=(filter&&) noexcept;
  ~filter();

  bool matches(const std::string& binary, const test_case& which) const;

  struct node; // for its own sources

private:
  std::unique_ptr<node> root_;
};

/// Whether `text` as a whole matches a pattern with "*" and "?". O(pattern * text) at worst.
bool matches_wildcard(std::string_view pattern, std::string_view text);

} // namespace troupe_cli::test
