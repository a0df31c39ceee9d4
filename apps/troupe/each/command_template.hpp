#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli {

/// One input: a line, or an argument after ":::".
struct input {
  std::uint64_t number = 0; ///< from 1, in the order of reading
  std::string text{};
};

/// A command with placeholders, of which each input makes a command:
///
///     {}   the input                      {#}  its number, from 1
///     {.}  without extension              {%}  the slot in which it runs, from 1
///     {/}  without directory              {//} its directory, or "."
///     {/.} without both
///
/// Where it has none, the input becomes its last argument. Encodable.
struct command_template {
  std::vector<std::string> words{};
  /// The words are one line for /bin/sh, in which what placeholders stand for is quoted.
  bool shell = false;

  /// What a placeholder must be given, where it is not known yet or is not to count.
  struct place {
    std::string number{};
    std::string slot{};
  };

  std::vector<std::string> expand(const input& from, const place& at) const;
};

/// The template as it was given, with the placeholder that is appended where there is none.
command_template make_template(std::vector<std::string> words, bool shell);

} // namespace troupe_cli
