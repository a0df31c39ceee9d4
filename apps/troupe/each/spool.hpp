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
    : path_(std::move(from.path_))
    , kept_(from.kept_) {
    from.path_.clear();
  }
  spool_folder& operator=(spool_folder&&) = delete;
  /// Removes it.
  ~spool_folder();

  /// Whether it stays, unless it is empty. What a journal keeps lies in it until that has been shown.
  void keep(bool yes) { kept_ = yes; }

  const std::string& path() const { return path_; }

private:
  explicit spool_folder(std::string path)
    : path_(std::move(path)) {}

  std::string path_;
  bool kept_ = false;
};

} // namespace troupe_cli
