#pragma once

#include "config/text_position.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::detail {

struct text_problem {
  text_position where;
  std::string problem;
};

/// Looks for what the TOML parser must not see, because it does not bear all that a file may have
/// in it (toml++ 3.3):
///  - text has to be UTF-8, without NUL characters;
///  - keys must have few parts: it gives each part of `a.b.c` a table inside the previous one, and
///    destroys them recursively, so that a file of half a million parts would overflow the stack;
///  - where it looks for white space, characters that are not ASCII lead it to undefined behavior:
///    outside of strings and comments, where TOML does not allow them anyway, and behind a
///    backslash that ends a line of a string.
std::optional<text_problem> find_text_problem(std::string_view text);

} // namespace troupe::detail
