#pragma once

#include "config/text_position.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

namespace troupe::detail {

/// Collects what is wrong with a configuration file and with those that it includes, so that one run shows all of it.
class config_problems {
public:
  /// `file` is the printable name of the file.
  explicit config_problems(std::string file);

  /// What is added of it comes behind what is added of the sources before. Lines of a file that was included are told
  /// as those of the first one; a variable of the environment has none.
  void add_source(const std::string& name, bool has_lines);

  /// `key` and `problem` must be printable. `key` may be empty, if the problem is not about one.
  void add(const text_position& where, const std::string& key, const std::string& problem);

  bool empty() const noexcept { return entries_.empty(); }

  /// "file:line:column".
  std::string locate(const text_position& where) const;

  /// Throws `config_error` if there are any: one line for each, in the order of the files, and in theirs.
  void throw_if_any() const;

private:
  struct source {
    std::size_t rank = 0;
    bool has_lines = true;
  };
  source source_of(const text_position& where) const;

  std::string file_;
  std::map<std::string, source> sources_;
  // Those of one position are in the order in which they were added.
  std::multimap<std::tuple<std::size_t, std::uint32_t, std::uint32_t>, std::string> entries_;
};

} // namespace troupe::detail
