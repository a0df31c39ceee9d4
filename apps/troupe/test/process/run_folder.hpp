#pragma once

#include <string>

namespace troupe_cli::test {

/// The folder of a process that runs, with an empty one for its temporary files. The next process at the same place gets
/// it, unless it can be told from a new one: to look takes far less time than to make folders and to remove them.
class run_folder {
public:
  /// Throws `start_problem` if there can be none.
  explicit run_folder(const std::string& path);
  run_folder(const run_folder&) = delete;
  run_folder& operator=(const run_folder&) = delete;
  /// Removes what troupe and the framework have written into it. What else is in it goes when the place is used again.
  ~run_folder();

private:
  std::string path_;
};

} // namespace troupe_cli::test
