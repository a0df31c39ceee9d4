#pragma once

#include "jobs/job.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe_cli {

/// The results cannot be written: a full disk, a closed pipe. The message names the place.
class output_failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Writes the results of a job. A file appears under its name when it is complete, and at once: until then a file
/// that is there stays as it is. What is no file, such as a pipe, is written to. For one thread.
class result_writer {
public:
  /// Throws `output_failed`.
  explicit result_writer(const job_output& to);
  result_writer(const result_writer&) = delete;
  result_writer& operator=(const result_writer&) = delete;
  /// Removes what was not committed.
  ~result_writer();

  /// Throws `output_failed`, and `std::runtime_error` if the result is not one that the format has.
  void write(std::string_view json);
  /// Writes what is buffered.
  void flush();
  /// As `write`, for a result that an earlier run has written to what is no file: what follows goes behind it.
  void skip(std::string_view json);
  /// Puts the file in its place.
  void commit();
  /// Whether there is a file that would be lost without `commit`.
  bool has_file() const noexcept { return !temporary_.empty(); }

private:
  void write_row(std::string_view json);
  void choose_columns(std::string_view json);
  void append(std::string_view text);
  [[noreturn]] void fail(const char* what, int error) const;

  job_output to_;
  std::filesystem::path place_;     // of the file
  std::filesystem::path temporary_; // where it is until then; empty: there is none
  int fd_ = -1;
  std::string buffer_;
  bool has_header_ = false;
};

} // namespace troupe_cli
