#include "lines/byte_input.hpp"

#include "text/terminal_text.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe_cli {

namespace {

// More than this is no line, but a file of another kind.
constexpr std::size_t most_line_bytes = std::size_t{64} << 20;

[[noreturn]] void fail(const std::string& name, const std::string& what, int error) {
  throw std::runtime_error(name + ": " + what + ": " + std::system_category().message(error));
}

} // namespace

stop_bell::stop_bell()
  : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0)
    throw std::system_error(errno, std::system_category(), "cannot make an eventfd");
}

stop_bell::~stop_bell() {
  ::close(fd_);
}

void stop_bell::ring() noexcept {
  ::eventfd_write(fd_, 1);
}

bool stop_bell::rung() const noexcept {
  pollfd wanted{fd_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 1;
}

byte_input::byte_input(const std::filesystem::path& file, const stop_bell& bell)
  : bell_(bell)
  , name_(file == "-" ? "standard input" : text::printable(file.native()))
  , fd_(file == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                    : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {
  if (fd_ < 0)
    fail(name_, "cannot open it", errno);
}

byte_input::~byte_input() {
  ::close(fd_);
}

bool byte_input::read_more() {
  if (ended_)
    return false;
  for (;;) {
    std::array<pollfd, 2> wanted{pollfd{fd_, POLLIN, 0}, pollfd{bell_.fd(), POLLIN, 0}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR)
      fail(name_, "cannot wait for it", errno);
    if (wanted[1].revents != 0)
      return false;
    if (wanted[0].revents == 0)
      continue;
    const auto n = ::read(fd_, buffer_.data(), buffer_.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n < 0)
      fail(name_, "cannot read it", errno);
    at_ = 0;
    end_ = static_cast<std::size_t>(n);
    ended_ = n == 0;
    return n > 0;
  }
}

std::optional<std::string> byte_input::line(char delimiter) {
  std::string text;
  while (at_ != end_ || read_more()) {
    const auto* const begin = buffer_.data() + at_;
    const auto* const end = buffer_.data() + end_;
    const auto* const found = std::find(begin, end, delimiter);
    text.append(begin, found);
    at_ = static_cast<std::size_t>(found - buffer_.data());
    if (found != end) {
      ++at_;
      return text;
    }
    if (text.size() > most_line_bytes)
      throw std::runtime_error(name_ + ": a line is longer than 64 MiB: is this a file of lines?");
  }
  // A part of a line is no line if it is not known how it goes on.
  if (text.empty() || !ended_)
    return std::nullopt;
  return text;
}

std::string csv_input::quoted_field(std::optional<char>& behind) {
  std::string text;
  for (;;) {
    const auto c = bytes_.next();
    if (!c)
      throw std::runtime_error(
        name() + ": row " + std::to_string(number_) + " ends inside of quotation marks");
    if (*c != '"') {
      text += *c;
    } else if (bytes_.peek() == '"') {
      text += '"';
      bytes_.next();
    } else {
      break;
    }
    if (text.size() > most_line_bytes)
      throw std::runtime_error(
        name() + ": row " + std::to_string(number_) + " has a field of more than 64 MiB");
  }
  behind = bytes_.next();
  if (behind == '\r' && bytes_.peek() == '\n')
    behind = bytes_.next();
  if (behind && *behind != ',' && *behind != '\n')
    throw std::runtime_error(name() + ": row " + std::to_string(number_) +
                             " has something behind a quotation mark that ends a field");
  return text;
}

std::string csv_input::field(std::optional<char>& behind) {
  if (bytes_.peek() == '"') {
    bytes_.next();
    return quoted_field(behind);
  }
  std::string text;
  for (behind = bytes_.next(); behind && *behind != ',' && *behind != '\n';
       behind = bytes_.next()) {
    text += *behind;
    if (text.size() > most_line_bytes)
      throw std::runtime_error(
        name() + ": row " + std::to_string(number_) + " has a field of more than 64 MiB");
  }
  if (behind != ',' && text.ends_with('\r'))
    text.pop_back();
  return text;
}

std::optional<std::vector<std::string>> csv_input::row() {
  while (bytes_.peek()) {
    ++number_;
    std::vector<std::string> fields;
    std::optional<char> behind;
    do
      fields.push_back(field(behind));
    while (behind == ',');
    if (fields.size() > 1 || !fields.front().empty())
      return fields;
  }
  return std::nullopt;
}

} // namespace troupe_cli
