#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe_cli {

/// As an option's check: what is wrong with the name of a file, or nothing.
inline std::string check_file_name(const std::string& name) {
  return name.empty() ? "a file has a name" : "";
}

/// A file with a JSON object whose last member is a list, which grows. Whatever is flushed is a whole JSON text, so the file
/// is one whenever the process ends, however that happens; unless it is a pipe, of which the end comes with `finish`.
///
/// Once something could not be written, nothing more is: `problem` says what, and the file ends before it.
class trace_file {
public:
  /// Makes the file, or empties it. `head` is the object up to its list, "{...,\"list\":[". Throws `broken_problem`.
  trace_file(std::string path, std::string_view head);
  trace_file(const trace_file&) = delete;
  trace_file& operator=(const trace_file&) = delete;
  ~trace_file();

  /// One more element of the list, as JSON. Flushes what is much.
  void add(std::string_view element);
  void flush();
  /// Nothing is added any more. Throws `broken_problem`, also for what could not be written earlier.
  void finish();
  /// What could not be written and why, or empty.
  const std::string& problem() const noexcept { return problem_; }

private:
  bool write_all(std::string_view text);
  void give_up(int error);

  const std::string path_;
  int fd_ = -1;
  bool can_seek_ = true;
  std::int64_t end_ = 0; // of what has been written, before the end of the list
  bool is_empty_ = true; // the list
  std::string waiting_;
  std::string problem_;
};

} // namespace troupe_cli
