#pragma once

#include "config/text_position.hpp"

#include <map>
#include <string>

namespace troupe::detail {

/// Collects what is wrong with a configuration file, so that one run shows all of it.
class config_problems {
public:
  /// `file` is the printable name of the file.
  explicit config_problems(std::string file)
    : file_(std::move(file)) {}

  /// `key` and `problem` must be printable. `key` may be empty, if the problem is not about one.
  void add(text_position where, const std::string& key, const std::string& problem);

  /// "file:line:column".
  std::string locate(text_position where) const;

  /// Throws `config_error` if there are any: one line for each, in the order of the file.
  void throw_if_any() const;

private:
  std::string file_;
  std::multimap<text_position, std::string>
    entries_; // those of one position in the order in which they were added
};

} // namespace troupe::detail
