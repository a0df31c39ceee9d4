#include "test/filter.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

namespace troupe_cli::test {

enum class filter_kind { either, both, negation, all, suite, name, tag, binary, file, anywhere };

struct filter::node {
  filter_kind kind = filter_kind::all;
  std::string pattern{};
  bool exact = false;
  std::unique_ptr<node> left{};
  std::unique_ptr<node> right{};
};

namespace {

using node = filter::node;

constexpr int deepest = 100;

struct set_name {
  std::string_view word;
  filter_kind kind;
};
constexpr std::array sets{set_name{"suite", filter_kind::suite},
  set_name{"test", filter_kind::name}, set_name{"tag", filter_kind::tag},
  set_name{"binary", filter_kind::binary}, set_name{"file", filter_kind::file},
  set_name{"all", filter_kind::all}};

class parser {
public:
  explicit parser(std::string_view text)
    : text_(text) {}

  std::unique_ptr<node> whole() {
    auto out = either(0);
    skip_space();
    if (at_ != text_.size())
      fail("\"and\", \"or\" or the end was expected");
    return out;
  }

private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw std::invalid_argument("the filter \"" + std::string(text_) + "\": " + problem +
                                " at character " + std::to_string(at_ + 1));
  }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }

  std::string_view next_word() {
    skip_space();
    return text_.substr(at_, std::min(text_.find_first_of(" \t\n()", at_), text_.size()) - at_);
  }

  bool take_word(std::string_view word) {
    if (next_word() != word)
      return false;
    at_ += word.size();
    return true;
  }

  std::unique_ptr<node> join(
    filter_kind kind, std::unique_ptr<node> left, std::unique_ptr<node> right) {
    auto out = std::make_unique<node>();
    out->kind = kind;
    out->left = std::move(left);
    out->right = std::move(right);
    return out;
  }

  // Chains are joined as trees whose depth is that of parentheses and "not", but one for each "and": bounded by that.
  std::unique_ptr<node> either(int depth) {
    auto out = both(depth);
    for (int n = 0; take_word("or"); ++n)
      out = join(filter_kind::either, std::move(out), both(check(depth, n)));
    return out;
  }

  std::unique_ptr<node> both(int depth) {
    auto out = single(depth);
    for (int n = 0; take_word("and"); ++n)
      out = join(filter_kind::both, std::move(out), single(check(depth, n)));
    return out;
  }

  int check(int depth, int joined) const {
    if (depth > deepest || joined > 10 * deepest)
      fail("it is nested too deeply");
    return depth + 1;
  }

  std::unique_ptr<node> single(int depth) {
    const int next = check(depth, 0);
    if (take_word("not"))
      return join(filter_kind::negation, single(next), nullptr);
    if (take('(')) {
      auto out = either(next);
      if (!take(')'))
        fail("\")\" was expected");
      return out;
    }
    const auto word = next_word();
    if (word.empty() || word == "and" || word == "or")
      fail("a test was expected, such as test(name)");
    at_ += word.size();
    auto out = std::make_unique<node>();
    if (at_ < text_.size() && text_[at_] == '(') {
      read_set(word, *out);
    } else {
      out->kind = filter_kind::anywhere;
      out->pattern = word;
    }
    return out;
  }

  void read_set(std::string_view word, node& out) {
    const auto found = std::ranges::find(sets, word, &set_name::word);
    if (found == sets.end()) {
      at_ -= word.size();
      fail("there is no \"" + std::string(word) +
           "(...)\", but suite, test, tag, binary, file and all");
    }
    ++at_;
    out.kind = found->kind;
    if (out.kind != filter_kind::all)
      read_pattern(out);
    if (!take(')'))
      fail("\")\" was expected");
  }

  void read_pattern(node& out) {
    out.exact = take('=');
    if (take('"')) {
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size())
          ++at_;
        out.pattern += text_[at_++];
      }
      if (!take('"'))
        fail("the quotes do not end");
    } else {
      const auto end = std::min(text_.find(')', at_), text_.size());
      out.pattern = text_.substr(at_, end - at_);
      at_ = end;
    }
    if (out.pattern.empty())
      fail("a name or a pattern was expected");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool equals(const node& from, std::string_view text) {
  return from.exact ? text == from.pattern : matches_wildcard(from.pattern, text);
}

bool contains(const node& from, std::string_view text) {
  if (from.exact || from.pattern.find_first_of("*?") != std::string::npos)
    return equals(from, text);
  return text.find(from.pattern) != std::string_view::npos;
}

bool matches_node(const node& from, const std::string& binary, const test_case& which) {
  switch (from.kind) {
  case filter_kind::either:
    return matches_node(*from.left, binary, which) || matches_node(*from.right, binary, which);
  case filter_kind::both:
    return matches_node(*from.left, binary, which) && matches_node(*from.right, binary, which);
  case filter_kind::negation:
    return !matches_node(*from.left, binary, which);
  case filter_kind::suite:
    return equals(from, which.suite);
  case filter_kind::name:
    return contains(from, which.name);
  case filter_kind::tag:
    return std::ranges::any_of(
      which.tags, [&from](const std::string& tag) { return equals(from, tag); });
  case filter_kind::binary:
    return equals(from, binary);
  case filter_kind::file:
    return equals(from, which.file);
  case filter_kind::anywhere:
    return contains(from, full_name(which));
  case filter_kind::all:
    break;
  }
  return true;
}

} // namespace

filter::filter(std::string_view text)
  : root_(parser(text).whole()) {}
filter::filter(filter&&) noexcept = default;
filter& filter::operator=(filter&&) noexcept = default;
filter::~filter() = default;

bool filter::matches(const std::string& binary, const test_case& which) const {
  return matches_node(*root_, binary, which);
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos; // where the last "*" was, and what it has taken
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

} // namespace troupe_cli::test
