#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe_cli {

/// A connection to the control socket of a process. Each question waits at most 5 s.
class control_client {
public:
  /// Throws `std::runtime_error`.
  explicit control_client(const std::string& socket);
  control_client(const control_client&) = delete;
  control_client& operator=(const control_client&) = delete;
  control_client(control_client&& other) noexcept;
  control_client& operator=(control_client&& other) noexcept;
  ~control_client();

  /// Sends a line, and returns the line that answers it. Throws `std::runtime_error` if there is no answer; then the
  /// connection is of no more use.
  std::string ask(std::string_view line);

  // After a question whose answer is a stream:

  /// To wait for what comes.
  int descriptor() const noexcept { return fd_; }
  /// Takes in what has come. False at the end of the stream. Throws `std::runtime_error`.
  bool receive();
  /// Asks for the end of the stream, which still comes. It may have come already.
  void end_stream() const noexcept;
  /// The next line, if it has come.
  bool take_line(std::string& line);

private:
  void wait(short events, long long deadline) const;

  int fd_ = -1;
  std::string rest_;      // that has come after the last answer
  std::size_t taken_ = 0; // of that, lines of a stream
};

} // namespace troupe_cli
