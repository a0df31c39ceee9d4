#pragma once

#include <filesystem>
#include <string_view>

namespace books {

/// A file that appears under its name only when it is complete, and then at once. Until `commit`,
/// an older file of that name stays as it is, whatever happens. All of it throws
/// `std::runtime_error` with the file's name.
class output_file {
public:
  /// Creates a temporary file beside `path`.
  explicit output_file(const std::filesystem::path& path);
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  /// Removes the temporary file, if it was not committed.
  ~output_file();

  void write(std::string_view text);
  /// Puts the file in its place. Once.
  void commit();

private:
  [[noreturn]] void fail(const char* what) const;
  void close() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int fd_ = -1;
  bool committed_ = false;
};

} // namespace books
