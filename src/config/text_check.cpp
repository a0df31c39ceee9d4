#include "config/text_check.hpp"

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "config/message_text.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view white_space = " \t\r\n";

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Reads TOML just well enough to tell strings, comments and the rest apart. Up to the first syntax
// error it agrees with the parser about them; behind that the parser does not look.
class toml_scanner {
public:
  // Looks at the start of `rest` and moves on by `step` characters. Returns what is wrong, or "".
  std::string next(std::string_view rest, std::size_t& step) {
    step = 1;
    if (!delimiter_.empty())
      return in_string(rest, step);
    if (!in_comment_)
      return in_the_open(rest, step);
    in_comment_ = rest[0] != '\n';
    return {};
  }

private:
  std::string in_string(std::string_view rest, std::size_t& step) {
    const bool one_line = delimiter_.size() == 1;
    if (rest[0] == '\\' && delimiter_[0] == '"')
      return behind_backslash(rest, step);
    if (rest.starts_with(delimiter_)) {
      step = delimiter_.size();
      // A multi-line string may end in up to two quotation marks of its own.
      while (!one_line && step < 5 && step < rest.size() && rest[step] == delimiter_[0])
        ++step;
      delimiter_ = {};
    } else if (one_line && rest[0] == '\n') {
      delimiter_ = {}; // a syntax error
    }
    return {};
  }

  // An escape sequence, or the end of a line together with the white space that the next one starts
  // with.
  static std::string behind_backslash(std::string_view rest, std::size_t& step) {
    const auto end = std::min(rest.find_first_not_of(white_space, 1), rest.size());
    step = std::max<std::size_t>(end, 2);
    if (end < rest.size() && !is_ascii(rest[end]))
      return "\"\\\" with a character behind it that is not ASCII";
    return {};
  }

  std::string in_the_open(std::string_view rest, std::size_t& step) {
    if (!is_ascii(rest[0]))
      return quoted_for_message(rest.substr(0, utf8_length(rest))) + " outside of quotation marks";
    for (std::string_view delimiter : {"\"\"\"", "'''", "\"", "'"})
      if (rest.starts_with(delimiter)) {
        delimiter_ = delimiter;
        step = delimiter.size();
        return {};
      }
    in_comment_ = rest[0] == '#';
    if (rest[0] == '.')
      ++key_parts_;
    else if (std::string_view("\n=,[]{}").find(rest[0]) != std::string_view::npos)
      key_parts_ = 1;
    if (key_parts_ > limits::max_key_parts)
      return "key with more than " + std::to_string(limits::max_key_parts) + " parts";
    return {};
  }

  bool in_comment_ = false;
  std::string_view delimiter_; // of the string that we are in; empty if in none
  std::size_t key_parts_ = 1;
};

} // namespace

std::optional<text_problem> find_text_problem(std::string_view text) {
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  text_position where;
  toml_scanner scanner;
  std::size_t skip = 0; // characters until the scanner looks again
  for (; !text.empty(); ++where.column) {
    const auto length = utf8_length(text);
    if (length == 0)
      return text_problem{where, "not valid UTF-8"};
    if (text[0] == '\0')
      return text_problem{where, "NUL character"};
    if (skip == 0)
      if (const auto problem = scanner.next(text, skip); !problem.empty())
        return text_problem{where, problem};
    --skip;
    if (text[0] == '\n')
      where = {where.line + 1, 0, {}};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

} // namespace troupe::detail
