#include "test/expressions.hpp"

#include <regex.h>

#include <array>

namespace troupe_cli::test {
namespace {

// POSIX's, which takes no stack for a long text as std::regex does. As in CTest, "." is also the end of a line, and "^" and
// "$" are the ends of the whole text.
class expression {
public:
  explicit expression(const std::string& text)
    : error_(::regcomp(&compiled_, text.c_str(), REG_EXTENDED)) {}
  expression(const expression&) = delete;
  expression& operator=(const expression&) = delete;
  ~expression() {
    if (error_ == 0)
      ::regfree(&compiled_);
  }

  std::string problem() const {
    if (error_ == 0)
      return {};
    std::array<char, 200> text{};
    ::regerror(error_, &compiled_, text.data(), text.size());
    return text.data();
  }

  bool found_in(std::string_view text) const {
    if (error_ != 0)
      return false;
    regmatch_t all{0, static_cast<regoff_t>(text.size())};
    return ::regexec(&compiled_, text.data(), 1, &all, REG_STARTEND) == 0;
  }

private:
  regex_t compiled_{};
  int error_;
};

} // namespace

bool found_in(std::string_view text, const std::string& which) {
  return expression(which).found_in(text);
}

std::string problem_of_expression(const std::string& which) {
  return expression(which).problem();
}

} // namespace troupe_cli::test
