#include "each/output_writer.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::size_t most_held_bytes = 16 << 20;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(fd, text.data(), text.size());
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EPIPE)
      throw closed_output();
    if (errno == EAGAIN) {
      pollfd writable{fd, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      throw broken_problem(std::string("cannot write to ") +
                           (fd == STDOUT_FILENO ? "stdout: " : "stderr: ") + std::strerror(errno));
    }
  }
}

/// Writes text with something before each of its lines.
class tagged_text {
public:
  tagged_text(int fd, const std::string& tag)
    : fd_(fd)
    , tag_(tag) {}

  void write(std::string_view text) {
    if (tag_.empty())
      return write_all(fd_, text);
    std::string out;
    for (const char c : text) {
      if (at_begin_)
        out += tag_;
      out += c;
      at_begin_ = c == '\n';
    }
    write_all(fd_, out);
  }

  // So that the next output begins with a line of its own.
  void end() {
    if (!tag_.empty() && !at_begin_)
      write_all(fd_, "\n");
  }

private:
  int fd_;
  const std::string& tag_;
  bool at_begin_ = true;
};

void copy_file(const std::string& file, tagged_text& to) {
  const auto problem = [&file] {
    return broken_problem(
      "cannot read the output in \"" + text::printable(file) + "\": " + std::strerror(errno));
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    throw problem();
  const struct closing {
    int fd;
    ~closing() { ::close(fd); }
  } close_it{fd};
  char part[65536];
  for (;;) {
    const auto size = ::read(fd, part, sizeof part);
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      throw problem();
    if (size == 0)
      return;
    to.write({part, static_cast<std::size_t>(size)});
  }
}

} // namespace

void output_writer::add(output ended) {
  if (!options_.keep_order) {
    if (!ended.empty())
      due_.push_back(std::move(ended));
    return;
  }
  if (ended.number != next_) {
    const auto size = ended.out.text.size() + ended.err.text.size();
    if (held_bytes_ + size > most_held_bytes) {
      spill(ended.out);
      spill(ended.err);
    }
    held_bytes_ += ended.out.text.size() + ended.err.text.size();
    held_.emplace(ended.number, std::move(ended));
    return;
  }
  due_.push_back(std::move(ended));
  ++next_;
  for (auto first = held_.begin(); first != held_.end() && first->first == next_;
       first = held_.erase(first), ++next_) {
    held_bytes_ -= first->second.out.text.size() + first->second.err.text.size();
    due_.push_back(std::move(first->second));
  }
}

void output_writer::show() {
  auto due = std::exchange(due_, {});
  for (const auto& each : due) {
    if (!each.empty())
      show_at_once(each);
  }
}

void output_writer::show_at_once(const output& what) {
  options_.before();
  write(what);
  options_.shown(what);
}

void output_writer::release() {
  for (auto& [number, each] : held_)
    due_.push_back(std::move(each));
  held_.clear();
}

void output_writer::write(const output& what) {
  const auto tag = options_.tag ? text::printable(what.input) + '\t' : std::string();
  write_part(STDOUT_FILENO, what.out, tag);
  write_part(STDERR_FILENO, what.err, tag);
}

void output_writer::write_part(int fd, const written& what, const std::string& tag) {
  if (what.size == 0)
    return;
  tagged_text to(fd, tag);
  if (what.file.empty())
    to.write(what.text);
  else
    copy_file(what.file, to);
  to.end();
  if (!what.file.empty())
    ::unlink(what.file.c_str());
}

void output_writer::spill(written& what) {
  if (what.text.empty())
    return;
  const auto file = options_.spool + "/held-" + std::to_string(++spilled_);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const auto problem = [&file] {
    return broken_problem(
      "cannot keep outputs in \"" + text::printable(file) + "\": " + std::strerror(errno));
  };
  if (fd < 0)
    throw problem();
  for (std::string_view rest = what.text; !rest.empty();) {
    const auto size = ::write(fd, rest.data(), rest.size());
    if (size < 0) {
      const auto why = problem();
      ::close(fd);
      throw why;
    }
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
  ::close(fd);
  what.text.clear();
  what.file = file;
}

} // namespace troupe_cli
