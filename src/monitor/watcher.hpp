#pragma once

#include "base/limits.hpp"
#include "base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::monitor {

/// Another process that watches this one: reads its lines, one after the other, and writes an answer to each before it
/// reads on. So there is one line and one answer in memory, whatever the other does. On the loop's thread.
class watcher : public std::enable_shared_from_this<watcher> {
public:
  /// Is given a line, and has `answer` called once: at once, or later.
  using line_handler = std::function<void(const std::shared_ptr<watcher>& from, std::string_view)>;

  static std::shared_ptr<watcher> start(boost::asio::io_context& io, base::unique_fd socket,
    line_handler on_line, std::function<void()> on_end);

  void answer(std::string line);
  /// As `answer`, and hangs up.
  void answer_last(std::string line);
  void close();
  bool is_open() const { return socket_.is_open(); }

private:
  watcher(boost::asio::io_context& io, line_handler on_line, std::function<void()> on_end);
  void read();
  void next_line();
  void write(std::string line, bool last);

  boost::asio::local::stream_protocol::socket socket_;
  line_handler on_line_;
  std::function<void()> on_end_;
  std::array<char, limits::max_watcher_line> buffer_{};
  std::size_t filled_ = 0;
  std::string answer_; // on its way
};

/// The answer to a line. Says that there is none if it is destroyed before it was given, because who was to give it has ended:
/// otherwise the watcher would wait for ever, and keep its place among the others, for its next line is not read before.
class owed_answer {
public:
  explicit owed_answer(std::shared_ptr<watcher> to)
    : to_(std::move(to)) {}
  owed_answer(const owed_answer&) = delete;
  owed_answer& operator=(const owed_answer&) = delete;
  ~owed_answer();

  /// Once; later calls do nothing.
  void give(std::string line);

private:
  std::shared_ptr<watcher> to_; // null: it was given
};

} // namespace troupe::monitor
