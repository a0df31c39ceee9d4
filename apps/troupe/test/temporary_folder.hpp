#pragma once

#include <string>

namespace troupe_cli::test {

/// A folder for one run, under TMPDIR or /tmp, which goes with this object.
class temporary_folder {
public:
  /// Throws `std::system_error`, with the name.
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace troupe_cli::test
