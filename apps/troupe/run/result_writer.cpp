#include "run/result_writer.hpp"

#include "run/json_items.hpp"
#include "text/csv_row.hpp"
#include "text/terminal_text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{64} * 1024;

std::string shown(const std::filesystem::path& file) {
  return file == "-" ? "standard output" : text::printable(file.native());
}

} // namespace

result_writer::result_writer(const job_output& to)
  : to_(to) {
  if (to_.file.empty())
    return;
  if (to_.file == "-") {
    fd_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd_ < 0)
      fail("cannot use it", errno);
    return;
  }
  std::error_code unknown; // then the file cannot be made either, which says why
  const auto status = std::filesystem::status(to_.file, unknown);
  const bool is_there = std::filesystem::exists(status);
  if (is_there &&
      !std::filesystem::is_regular_file(status)) { // a device or a pipe stays what it is
    fd_ = ::open(to_.file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd_ < 0)
      fail("cannot open it", errno);
    return;
  }
  // What a link leads to is replaced, not the link.
  place_ = is_there ? std::filesystem::canonical(to_.file) : to_.file;
  temporary_ = place_;
  temporary_.replace_filename('.' + place_.filename().native() + '.' + std::to_string(::getpid()));
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd_ < 0)
    fail("cannot make a file beside it", errno);
}

result_writer::~result_writer() {
  if (fd_ >= 0)
    ::close(fd_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void result_writer::fail(const char* what, int error) const {
  throw output_failed(shown(to_.file) + ": " + what + ": " + std::system_category().message(error));
}

void result_writer::write(std::string_view json) {
  if (to_.file.empty())
    return;
  switch (to_.how) {
  case job_output::format::csv:
    return write_row(json);
  case job_output::format::json:
    return append(std::string(json) + '\n');
  case job_output::format::text:
    if (json != "null") // of a task that returns nothing
      append(text_of_json(json) + '\n');
  }
}

// Those of the first result, if the file does not say.
void result_writer::choose_columns(std::string_view json) {
  if (to_.columns.empty())
    for (const auto& [name, value] : fields_of_json(json))
      to_.columns.push_back(name);
}

void result_writer::skip(std::string_view json) {
  if (to_.how != job_output::format::csv)
    return;
  choose_columns(json);
  has_header_ = true;
}

void result_writer::write_row(std::string_view json) {
  choose_columns(json);
  const auto fields = fields_of_json(json);
  std::vector<std::string> row(to_.columns.size());
  for (const auto& [name, value] : fields) {
    const auto column = std::ranges::find(to_.columns, name);
    if (column != to_.columns.end())
      row[static_cast<std::size_t>(column - to_.columns.begin())] = value;
  }
  if (!has_header_)
    append(text::csv_row(to_.columns));
  has_header_ = true;
  append(text::csv_row(row));
}

void result_writer::append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes)
    flush();
}

void result_writer::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const auto n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      fail("cannot write", errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
}

void result_writer::commit() {
  if (!has_header_ && to_.how == job_output::format::csv && !to_.columns.empty() && fd_ >= 0)
    append(text::csv_row(to_.columns));
  flush();
  if (fd_ < 0)
    return;
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0)
    fail("cannot write", errno);
  if (temporary_.empty())
    return;
  if (::rename(temporary_.c_str(), place_.c_str()) != 0)
    fail("cannot put the file there", errno);
  temporary_.clear();
}

} // namespace troupe_cli
