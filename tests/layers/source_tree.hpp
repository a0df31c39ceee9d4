#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

// The sources of the library as the tests of this directory look at them: files, what they include, and
// which classes they define.
namespace troupe::test {

/// All files below `src` and `include`, by their path from the root of the repository.
using source_tree = std::map<std::string, std::string>; // and their contents

source_tree read_sources(const std::filesystem::path& root);
std::string read_text(const std::filesystem::path& file);

/// The rooms by their rank: those of one rank know nothing of each other, and each includes only what has
/// a lower rank. Read from the table of src/README.md, whose first column names them.
std::map<std::string, int> ranks_of_rooms(const std::string& readme);

/// Each `#include` of a room that its rank forbids, or whose room has no rank.
std::vector<std::string> wrong_includes(
  const source_tree& sources, const std::map<std::string, int>& ranks);

/// Each line outside of the room `caf` and the details of public headers that asks which version of CAF there is.
std::vector<std::string> questions_for_version(const source_tree& sources);

/// Each file for one version of CAF that has none of its name for the other.
std::vector<std::string> unmatched_alternatives(const source_tree& sources);

/// Each namespace of a public header that opens `troupe` outside of `#pragma GCC visibility push(default)`, so that
/// a shared library does not show what is declared in it.
std::vector<std::string> hidden_declarations(const source_tree& sources);

/// Each way on which a pure file, or a file of a pure room, gets a header of CAF, Asio or spdlog, also through others.
std::vector<std::string> impure_includes(
  const source_tree& sources, const std::vector<std::string>& pure_places);

/// Each `#include` by which a public header brings a standard header that is large, and of which troupe needs a part at
/// most (troupe/detail/std_parts.hpp).
std::vector<std::string> costly_includes(const source_tree& sources);

/// Each name that two files in `src` have, apart from a header and its source side by side.
std::vector<std::string> shared_file_names(const source_tree& sources);

/// Each name that two classes in `src` have, apart from those inside other classes.
std::vector<std::string> shared_class_names(const source_tree& sources);

} // namespace troupe::test
