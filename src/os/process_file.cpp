#include "os/process_file.hpp"

#include "base/unique_fd.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::os {

namespace {

std::string_view without_blanks(std::string_view text) noexcept {
  const auto at = text.find_first_not_of(" \t");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

} // namespace

bool proc_is_own() noexcept {
  char own[16];
  char link[16];
  const int expected = std::snprintf(own, sizeof own, "%d", ::getpid());
  const auto size = ::readlink("/proc/self", link, sizeof link);
  return size == expected && std::memcmp(own, link, static_cast<std::size_t>(size)) == 0;
}

process_file::process_file(pid_t pid, const char* name) noexcept {
  char path[64];
  if (pid == ::getpid())
    std::snprintf(path, sizeof path, "/proc/self/%s", name);
  else if (proc_is_own())
    std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  else
    return;
  const base::unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file)
    return;
  const auto count = ::read(file.get(), buffer_.data(), buffer_.size());
  if (count > 0)
    size_ = static_cast<std::size_t>(count);
}

std::string_view process_file::field_of_stat(int number) const noexcept {
  const auto name_end =
    text().rfind(')'); // the second field is a name, which may have any characters
  if (name_end == std::string_view::npos)
    return {};
  auto rest = without_blanks(text().substr(name_end + 1));
  for (int field = 3; field < number; ++field) {
    const auto blank = rest.find(' ');
    if (blank == std::string_view::npos)
      return {};
    rest.remove_prefix(blank + 1);
  }
  return rest.substr(0, rest.find_first_of(" \n"));
}

std::string_view process_file::value(std::string_view word) const noexcept {
  auto rest = text();
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    if (line.size() > word.size() && line.starts_with(word) && line[word.size()] == ':')
      return without_blanks(line.substr(word.size() + 1));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : rest.size());
  }
  return {};
}

std::optional<long long> number_at(std::string_view text) noexcept {
  text = without_blanks(text);
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

} // namespace troupe::os
