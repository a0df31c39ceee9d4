#include "trace/trace_file.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

constexpr std::size_t much = std::size_t{256} * 1024;
constexpr std::string_view tail = "\n]}\n";

std::string cannot_write(const std::string& path, int error) {
  return "cannot write the trace to \"" + text::printable(path) +
         "\": " + std::generic_category().message(error);
}

} // namespace

trace_file::trace_file(std::string path, std::string_view head)
  : path_(std::move(path))
  , fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666))
  , waiting_(head) {
  if (fd_ < 0)
    throw broken_problem(cannot_write(path_, errno));
  can_seek_ = ::lseek(fd_, 0, SEEK_CUR) == 0;
  flush();
  if (problem_.empty())
    return;
  ::close(fd_);
  throw broken_problem(problem_);
}

trace_file::~trace_file() {
  try {
    finish();
  } catch (...) {
    // Whoever wants to know has asked.
  }
}

void trace_file::add(std::string_view element) {
  if (fd_ < 0 || !problem_.empty())
    return;
  waiting_ += is_empty_ ? "\n" : ",\n";
  waiting_ += element;
  is_empty_ = false;
  if (waiting_.size() >= much)
    flush();
}

// The end of the list goes with each part, and the next part goes over it.
void trace_file::flush() {
  if (fd_ < 0 || waiting_.empty() || !problem_.empty())
    return;
  const auto size = waiting_.size();
  if (can_seek_)
    waiting_ += tail;
  if (write_all(waiting_))
    end_ += static_cast<std::int64_t>(size);
  else
    give_up(errno);
  waiting_.clear();
}

bool trace_file::write_all(std::string_view text) {
  auto place = end_;
  while (!text.empty()) {
    const auto count = can_seek_ ? ::pwrite(fd_, text.data(), text.size(), place)
                                 : ::write(fd_, text.data(), text.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return false;
    place += count;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// What has been written of the last part is taken away again. There is room for the end of the list: it has been there.
void trace_file::give_up(int error) {
  problem_ = cannot_write(path_, error);
  if (!can_seek_ || end_ == 0)
    return;
  if (write_all(tail) && ::ftruncate(fd_, end_ + static_cast<std::int64_t>(tail.size())) != 0)
    problem_ += ", and the file could not be cut: " + std::generic_category().message(errno);
}

void trace_file::finish() {
  if (fd_ >= 0) {
    if (!can_seek_)
      waiting_ += tail;
    flush();
    if (::close(std::exchange(fd_, -1)) != 0 && problem_.empty())
      problem_ = cannot_write(path_, errno);
  }
  if (!problem_.empty())
    throw broken_problem(problem_);
}

} // namespace troupe_cli
