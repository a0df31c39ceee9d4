#include "parent/child/child_output.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "parent/child/output_log.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace troupe::parent {

std::unique_ptr<child_output> child_output::make(output which, boost::asio::io_context& io,
  const std::string& name, std::optional<std::size_t> position) {
  return which == output::inherit ? nullptr : std::make_unique<child_output>(io, name, position);
}

child_output::child_output(
  boost::asio::io_context& io, std::string name, std::optional<std::size_t> position)
  : name_(base::escape(name))
  , position_(position)
  , stdout_{stdout_log(), base::line_splitter(limits::max_output_line), {}, {}, {}}
  , stderr_{stderr_log(), base::line_splitter(limits::max_output_line), {}, {}, {}}
  , tail_(limits::kept_output_lines, limits::kept_output_bytes) {
  open(io, stdout_);
  open(io, stderr_);
}

void child_output::open(boost::asio::io_context& io, stream& which) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "a pipe for the output of a child");
  which.own_end.reset(ends[0]);
  which.child_end.reset(ends[1]); // blocks the child, not this process
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  which.watch =
    std::make_unique<loop::descriptor_watch>(io, ends[0], [this, &which] { read(which); });
}

std::array<int, 2> child_output::child_ends() const noexcept {
  return {stdout_.child_end.get(), stderr_.child_end.get()};
}

void child_output::close_child_ends() noexcept {
  stdout_.child_end.reset();
  stderr_.child_end.reset();
}

bool child_output::read(stream& from) {
  std::array<char, limits::output_read_bytes> buffer;
  ssize_t count = 0;
  do
    count = ::read(from.own_end.get(), buffer.data(), buffer.size());
  while (count < 0 && errno == EINTR);
  if (count > 0)
    from.lines.feed({buffer.data(), static_cast<std::size_t>(count)},
      [&](std::string_view line) { tell(from, line); });
  else if (count == 0 || errno != EAGAIN)
    from.watch.reset(); // all who could write are gone
  tell_dropped_output(false);
  return count > 0;
}

void child_output::tell(stream& from, std::string_view line) {
  auto text = base::escape(line);
  if (position_)
    from.log->info("[{}/{}] {}", name_, *position_, text);
  else
    from.log->info("[{}] {}", name_, text);
  if (&from == &stderr_)
    tail_.add(std::move(text));
}

void child_output::finish() {
  // Descendants of the child may write on; they get as much as the pipes hold.
  constexpr std::size_t most_reads = limits::pipe_bytes / limits::output_read_bytes + 1;
  for (auto* from : {&stdout_, &stderr_}) {
    for (std::size_t i = 0; i < most_reads && from->watch && read(*from); ++i) {
    }
    from->lines.finish([&](std::string_view line) { tell(*from, line); });
    from->watch.reset();
    from->own_end.reset();
  }
  tell_dropped_output(true);
}

} // namespace troupe::parent
