#pragma once

#include <string>

namespace troupe_cli {

/// The folder in which outputs and temporary folders lie while a run needs them.
class spool_folder {
public:
  /// A new one in `parent`, or in TMPDIR, or /tmp. Throws `broken_problem`.
  static spool_folder make(const std::string& parent);
  /// One that outlives this process if that is killed: its name stays the same.
  static spool_folder open(const std::string& path);

  spool_folder(spool_folder&& from) noexcept
    : path_(std::move(from.path_)) {
    from.path_.clear();
  }
  spool_folder& operator=(spool_folder&&) = delete;
  /// Removes it.
  ~spool_folder();

  const std::string& path() const { return path_; }

private:
  explicit spool_folder(std::string path)
    : path_(std::move(path)) {}

  std::string path_;
};

} // namespace troupe_cli
