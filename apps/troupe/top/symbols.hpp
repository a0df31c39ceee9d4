#pragma once

#include "top/status.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace troupe_cli {

/// Names of functions in files of programs, whose debug information is read here, so that the watched process has no
/// work with it. What has been found is kept. For one thread.
class symbols {
public:
  symbols();
  symbols(const symbols&) = delete;
  symbols& operator=(const symbols&) = delete;
  ~symbols();

  /// "function at file:line", or less, as far as it is known; escaped.
  std::string frame(const module_files& modules, const code_place& place);
  /// The name of the function alone.
  std::string function(const module_files& modules, const code_place& place);
  /// As the names of tasks are shown.
  std::string name_of(const module_files& modules, const task_label& label);

private:
  class file;
  struct description {
    std::string function;
    std::string where;
  };

  const description& describe(const module_files& modules, const code_place& place);

  std::map<std::string, std::unique_ptr<file>> files_; // by path
  std::map<std::pair<std::string, std::uint64_t>, description> known_;
};

} // namespace troupe_cli
