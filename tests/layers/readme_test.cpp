#include "layers/source_tree.hpp"
#include "support/catch.hpp"

#include <regex>
#include <set>

using namespace troupe::test;

namespace {

namespace fs = std::filesystem;

const fs::path root = TROUPE_SOURCE_DIR;
const std::vector<std::string> none;

std::set<std::string> words_like(const std::regex& pattern, const std::string& text) {
  std::set<std::string> result;
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found)
    result.insert(found->str());
  return result;
}

// The files that a document names and that do not exist.
std::vector<std::string> missing_files(const std::string& document) {
  static const std::regex path(R"([\w-]+/[\w/.-]+\w)");
  static const std::regex of_project("(src|include|tests|apps|config)/.*");
  std::vector<std::string> result;
  for (const auto& name : words_like(path, document))
    if (std::regex_match(name, of_project) && !fs::exists(root / name))
      result.push_back(name);
  return result;
}

// Whether some file defines the class, and it or another one has a function of that name in it.
bool has_function(
  const source_tree& sources, const std::string& of_class, const std::string& function) {
  const std::regex definition("(class|struct) " + of_class + "\\b[^;]*\\{");
  const std::regex inside("\\b" + function + "\\(");
  for (const auto& [file, text] : sources) {
    if (text.find(of_class + "::" + function + "(") != std::string::npos)
      return true;
    if (text.find(function + "(") != std::string::npos &&
        (text.find("class " + of_class) != std::string::npos ||
          text.find("struct " + of_class) != std::string::npos) &&
        std::regex_search(text, definition) && std::regex_search(text, inside))
      return true;
  }
  return false;
}

// The functions of the project that a document names, as `class::function`, and that do not exist.
std::vector<std::string> missing_functions(
  const source_tree& sources, const std::string& document) {
  static const std::regex function(R"(\b[a-z_]+::[a-z_]+\b)");
  const std::set<std::string> namespaces{"troupe", "std", "caf", "asio"};
  std::vector<std::string> result;
  for (const auto& name : words_like(function, document)) {
    const auto of_class = name.substr(0, name.find(':'));
    if (!namespaces.contains(of_class) &&
        !has_function(sources, of_class, name.substr(of_class.size() + 2)))
      result.push_back(name);
  }
  return result;
}

} // namespace

TEST_CASE("the files and functions that src/README.md names exist") {
  const auto document = read_text(root / "src/README.md");
  CHECK(missing_files(document) == none);
  CHECK(missing_functions(read_sources(root), document) == none);
}

TEST_CASE("the files that README.md names exist") {
  CHECK(missing_files(read_text(root / "README.md")) == none);
}

TEST_CASE("a document that names what is gone is seen") {
  CHECK(missing_files("see `src/base/gone.hpp` and src/base/limits.hpp") ==
        std::vector<std::string>{"src/base/gone.hpp"});
  CHECK(missing_functions(read_sources(root), "gone::get, launcher::vanish, dispatcher::enqueue") ==
        std::vector<std::string>{"gone::get", "launcher::vanish"});
}
