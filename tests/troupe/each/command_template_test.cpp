#include "each/command_template.hpp"

#include "command/shell_text.hpp"
#include "support/catch.hpp"

using troupe_cli::command_template;
using troupe_cli::make_template;
using troupe_cli::shell_quoted;
using words = std::vector<std::string>;

namespace {

std::string expanded(const std::string& word, const std::string& input) {
  return make_template({word}, false).expand({7, input}, {"7", "2"}).at(0);
}

} // namespace

TEST_CASE("placeholders are the parts of an input") {
  CHECK(expanded("{}", "a/b.c.d") == "a/b.c.d");
  CHECK(expanded("{.}", "a/b.c.d") == "a/b.c");
  CHECK(expanded("{.}", "a.b/c") == "a.b/c");
  CHECK(expanded("{.}", "a/.hidden") == "a/.hidden");
  CHECK(expanded("{/}", "a/b.c") == "b.c");
  CHECK(expanded("{/}", "b.c") == "b.c");
  CHECK(expanded("{//}", "a/b/c") == "a/b");
  CHECK(expanded("{//}", "/c") == "/");
  CHECK(expanded("{//}", "c") == ".");
  CHECK(expanded("{/.}", "a/b.c") == "b");
  CHECK(expanded("{#}-{%}", "x") == "7-2");
  CHECK(expanded("<{}{}>", "x") == "<xx>");
}

TEST_CASE("what an input brings along is no placeholder") {
  CHECK(expanded("{}{#}", "{#}{}") == "{#}{}7");
}

TEST_CASE("braces that are no placeholder are left alone") {
  CHECK(expanded("{}{x}{", "a") == "a{x}{");
}

TEST_CASE("an input is appended where there is no placeholder") {
  CHECK(make_template({"ls", "-l"}, false).expand({1, "a b"}, {}) == words{"ls", "-l", "a b"});
  CHECK(make_template({"ls", "{}"}, false).expand({1, "a b"}, {}) == words{"ls", "a b"});
}

TEST_CASE("a line for the shell quotes what comes from an input, and nothing else") {
  CHECK(make_template({"cat {} | wc", ">{#}"}, true).expand({3, "it's $x"}, {"3", "1"}) ==
        words{"/bin/sh", "-c", "cat 'it'\\''s $x' | wc >3"});
}

TEST_CASE("words of a shell are quoted where they must be") {
  CHECK(shell_quoted("a/b-1.c") == "a/b-1.c");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("a b") == "'a b'");
  CHECK(shell_quoted("~") == "'~'");
  CHECK(troupe_cli::shell_line({"a", "b c"}) == "a 'b c'");
}
