#include "layers/source_tree.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace troupe::test;

namespace {

const std::vector<std::string> pure_rooms{"base", "policy"};
const std::vector<std::string> none;

const source_tree& sources() {
  static const auto tree = read_sources(TROUPE_SOURCE_DIR);
  return tree;
}

const std::map<std::string, int>& ranks() {
  static const auto table =
    ranks_of_rooms(read_text(std::filesystem::path(TROUPE_SOURCE_DIR) / "src/README.md"));
  return table;
}

/// The sources with a file that has those lines, after the lines that are there already.
source_tree with(const std::string& file, const std::string& lines) {
  auto tree = sources();
  tree[file] += lines;
  return tree;
}

} // namespace

TEST_CASE("every room has a rank") {
  CHECK(ranks().size() == 14);
  CHECK(ranks().at("base") < ranks().at("policy"));
  CHECK(ranks().at("child") == ranks().at("parent"));
}

TEST_CASE("a room includes only what is below it") {
  CHECK(wrong_includes(sources(), ranks()) == none);
}

TEST_CASE("only the room caf, and what public headers need, ask for the version of CAF") {
  CHECK(questions_for_version(sources()) == none);
}

TEST_CASE("each version of CAF has the same files") {
  CHECK(unmatched_alternatives(sources()) == none);
}

TEST_CASE("what public headers declare is visible in a shared library") {
  CHECK(hidden_declarations(sources()) == none);
}

TEST_CASE("the pure rooms see neither CAF nor Asio") {
  CHECK(impure_includes(sources(), pure_rooms) == none);
}

TEST_CASE("only the public headers that are about coroutines or actors bring CAF, Asio or spdlog") {
  std::vector<std::string> light;
  for (const auto& [file, text] : sources())
    if (file.starts_with("include/troupe/") && !file.starts_with("include/troupe/detail/"))
      light.push_back(file);
  for (const auto* large :
    {"actor", "awaitable_operators", "coroutine", "message_type", "module_coroutine", "troupe"})
    REQUIRE(std::erase(light, "include/troupe/" + std::string(large) + ".hpp") == 1);
  CHECK(std::find(light.begin(), light.end(), "include/troupe/pool.hpp") != light.end());
  CHECK(impure_includes(sources(), light) == none);
}

TEST_CASE(
  "public headers bring no large header of the standard library of which they need a part") {
  CHECK(costly_includes(sources()) == none);
}

TEST_CASE("no two files have the same name") {
  CHECK(shared_file_names(sources()) == none);
}

TEST_CASE("no two classes have the same name") {
  CHECK(shared_class_names(sources()) == none);
}

// -- each mistake, planted ------------------------------------------------------------------------------

TEST_CASE("an include upwards is seen") {
  const auto tree = with("src/policy/planted.hpp", "#include \"loop/event_loop.hpp\"\n");
  CHECK(wrong_includes(tree, ranks()) ==
        std::vector<std::string>{"src/policy/planted.hpp includes src/loop/event_loop.hpp"});
}

TEST_CASE("an include sideways is seen") {
  const auto tree =
    with("src/parent/pool/planted.cpp", "  #  include \"child/runtime/exits.hpp\" // why\n");
  CHECK(
    wrong_includes(tree, ranks()) ==
    std::vector<std::string>{"src/parent/pool/planted.cpp includes src/child/runtime/exits.hpp"});
}

TEST_CASE("a public header that includes a room is seen") {
  const auto tree = with("include/troupe/planted.hpp", "#include \"base/limits.hpp\"\n");
  CHECK(wrong_includes(tree, ranks()) ==
        std::vector<std::string>{"include/troupe/planted.hpp includes src/base/limits.hpp"});
}

TEST_CASE("a question for the version of CAF is seen") {
  const std::string place = GENERATE("src/loop/planted.hpp", "include/troupe/planted.hpp");
  const std::string line =
    GENERATE("#if CAF_VERSION_MAJOR >= 1", "#if CAF_VERSION > 1706", "#if CAF_MAJOR_VERSION > 0");
  CHECK(questions_for_version(with(place, line + "\n")) ==
        std::vector<std::string>{place + " says " + line});
}

TEST_CASE("a file for one version of CAF alone is seen") {
  CHECK(
    unmatched_alternatives(with("src/caf/v1/compat/planted.hpp", "")) ==
    std::vector<std::string>{"src/caf/v1/compat/planted.hpp has no counterpart in src/caf/v0/"});
}

TEST_CASE("an include upwards from a file for one version of CAF is seen") {
  const auto tree = with("src/caf/v1/compat/planted.hpp", "#include \"loop/event_loop.hpp\"\n");
  CHECK(wrong_includes(tree, ranks()) ==
        std::vector<std::string>{"src/caf/v1/compat/planted.hpp includes src/loop/event_loop.hpp"});
}

TEST_CASE("an include of a file for a version of CAF counts as one of its room") {
  const auto tree = with("src/base/planted.hpp", "#include \"compat/executor.hpp\"\n");
  CHECK(wrong_includes(tree, ranks()) ==
        std::vector<std::string>{"src/base/planted.hpp includes src/caf/v0/compat/executor.hpp"});
}

TEST_CASE("a public header whose declarations are hidden is seen") {
  const auto tree = with("include/troupe/planted.hpp", "#pragma GCC visibility push(default)\n"
                                                       "namespace troupe {\n"
                                                       "#pragma GCC visibility pop\n"
                                                       "namespace troupe::detail {\n");
  CHECK(hidden_declarations(tree) ==
        std::vector<std::string>{"include/troupe/planted.hpp opens namespace troupe::detail"});
}

TEST_CASE("a large standard header in a public one is seen") {
  CHECK(costly_includes(with("include/troupe/pool.hpp", "#include <chrono>\n")) ==
        std::vector<std::string>{"include/troupe/pool.hpp includes chrono"});
}

TEST_CASE("a room without a rank is seen") {
  const auto tree = with("src/attic/planted.hpp", "");
  CHECK(wrong_includes(tree, ranks()) ==
        std::vector<std::string>{
          "src/attic/planted.hpp is in a room that src/README.md does not list"});
}

TEST_CASE("CAF in a pure room is seen") {
  const auto tree = with("src/policy/planted.hpp", "#include <caf/error.hpp>\n");
  CHECK(impure_includes(tree, pure_rooms) ==
        std::vector<std::string>{"src/policy/planted.hpp -> caf/error.hpp"});
}

TEST_CASE("what a pure room gets through a public header is seen") {
  auto tree = with("src/base/planted.hpp", "#include <troupe/this_child.hpp>\n");
  tree["include/troupe/this_child.hpp"] += "#include <boost/asio/any_io_executor.hpp>\n";
  CHECK(impure_includes(tree, pure_rooms) ==
        std::vector<std::string>{"src/base/planted.hpp -> include/troupe/this_child.hpp -> "
                                 "boost/asio/any_io_executor.hpp"});
}

TEST_CASE("two files of one name are seen") {
  const auto tree = with("src/child/runtime/launcher.cpp", "");
  CHECK(shared_file_names(tree) ==
        std::vector<std::string>{"launcher is in src/child/runtime and in src/parent/launch"});
}

TEST_CASE("two classes of one name are seen") {
  const std::string kind = GENERATE("class", "struct");
  const std::string rest = GENERATE(" {", " final {", " : public base {", " final");
  const auto tree = with("src/child/runtime/planted.cpp", kind + " launcher" + rest + "\n");
  const auto found = shared_class_names(tree);
  REQUIRE(found.size() == 1);
  CHECK(found.front().starts_with("launcher is a class in "));
}
