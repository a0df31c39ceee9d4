#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include <sys/types.h>

namespace troupe::os {

/// Whether /proc is there, and tells of the processes that this one knows. In a namespace of processes for which it was not
/// mounted anew, numbers are those of other processes there.
bool proc_is_own() noexcept;

/// What a small file of /proc says of a process (proc(5)), such as "stat". Needs no memory: who looks at a process is often
/// about to end it, and must come to that.
class process_file {
public:
  /// Empty if the process is gone, or the file cannot be read, or, of another process, unless `proc_is_own`.
  process_file(pid_t pid, const char* name) noexcept;

  std::string_view text() const noexcept { return {buffer_.data(), size_}; }
  /// Of "stat", the field with that number, from 3 on, as proc(5) counts them; empty if there is none.
  std::string_view field_of_stat(int number) const noexcept;
  /// Of "status", what follows that word and a colon at the beginning of a line; empty if there is none.
  std::string_view value(std::string_view word) const noexcept;

private:
  std::array<char, 4096> buffer_;
  std::size_t size_ = 0;
};

/// The number at the beginning of a text; nothing if there is none.
std::optional<long long> number_at(std::string_view text) noexcept;

} // namespace troupe::os
