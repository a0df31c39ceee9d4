#pragma once

#include "base/text_lines.hpp"
#include "base/unique_fd.hpp"
#include "loop/descriptor_watch.hpp"

#include <troupe/output.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace troupe::parent {

/// What a child writes to its stdout and stderr (`output::capture`): reads it from pipes, and logs it line
/// by line. On the loop's thread.
class child_output {
public:
  /// The capture of a child's output; null if it is inherited. Otherwise as the constructor.
  static std::unique_ptr<child_output> make(output which, boost::asio::io_context& io,
    const std::string& name, std::optional<std::size_t> position);

  /// Makes the pipes. The lines begin with `name`, that of the pool and the position in it, or that of the
  /// process. Throws `std::system_error`.
  child_output(boost::asio::io_context& io, std::string name, std::optional<std::size_t> position);
  child_output(const child_output&) = delete;
  child_output& operator=(const child_output&) = delete;

  /// The descriptors that become the child's stdout and stderr.
  std::array<int, 2> child_ends() const noexcept;
  /// They have been passed on.
  void close_child_ends() noexcept;

  void take_position(std::size_t position) { position_ = position; }

  /// After the child's end: reads what is left, and then no more.
  void finish();
  /// The last lines of its stderr, printable.
  std::string stderr_tail() const { return tail_.text(); }

private:
  struct stream {
    std::shared_ptr<spdlog::logger> log;
    base::line_splitter lines;
    base::unique_fd own_end;
    base::unique_fd child_end;
    std::unique_ptr<loop::descriptor_watch> watch;
  };

  void open(boost::asio::io_context& io, stream& which);
  // Reads once; false if there is nothing for now, or never again.
  bool read(stream& from);
  void tell(stream& from, std::string_view line);

  const std::string name_;
  std::optional<std::size_t> position_;
  stream stdout_;
  stream stderr_;
  base::text_tail tail_;
};

} // namespace troupe::parent
