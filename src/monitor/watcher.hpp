#pragma once

#include "base/limits.hpp"
#include "base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::monitor {

/// Another process that watches this one: reads its lines, one after the other, and writes an answer to each before it
/// reads on. So there is one line and one answer in memory, whatever the other does.
///
/// Or an answer is a *stream* of lines, which goes on until the other hangs up, or says anything more. Lines that wait
/// for it are bounded; those beyond are left out, and in their place is said how many. On the loop's thread.
class watcher : public std::enable_shared_from_this<watcher> {
public:
  /// Is given a line, and has `answer` called once: at once, or later.
  using line_handler = std::function<void(const std::shared_ptr<watcher>& from, std::string_view)>;

  static std::shared_ptr<watcher> start(boost::asio::io_context& io, base::unique_fd socket,
    line_handler on_line, std::function<void()> on_end);

  void answer(std::string line);
  /// As `answer`, and hangs up.
  void answer_last(std::string line);
  /// Instead of `answer`; the first line.
  void begin_stream(std::string line);
  /// Whether a further line of the stream would wait, or be left out.
  bool has_room() const noexcept { return waiting_.size() < limits::max_stream_bytes; }
  /// One or more lines of the stream, which are one event. Throws `std::bad_alloc`, and then it is not in the stream.
  void stream(std::string_view lines);
  /// An event has been left out.
  void missed() noexcept;
  /// Hangs up. A stream ends with what can be sent at once.
  void close();
  bool is_open() const { return socket_.is_open(); }

private:
  watcher(boost::asio::io_context& io, line_handler on_line, std::function<void()> on_end);
  void read();
  void next_line();
  void write(std::string line, bool last);
  void watch_for_end();
  void flush_soon();
  void flush();
  void take_waiting();
  bool send_some(std::string_view text, std::size_t& done);
  void add_missed();
  void send_rest();

  boost::asio::local::stream_protocol::socket socket_;
  line_handler on_line_;
  std::function<void()> on_end_;
  std::array<char, limits::max_watcher_line> buffer_{};
  std::size_t filled_ = 0;
  std::string answer_; // on its way
  // Of a stream:
  bool streams_ = false;
  bool flushes_ = false;     // something is on its way, or is about to be
  std::size_t sent_ = 0;     // of `answer_`
  std::string waiting_;      // for that
  std::uint64_t missed_ = 0; // and not yet said
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
  /// The answer is a stream, which the caller goes on with.
  std::shared_ptr<watcher> give_stream(std::string line);

private:
  std::shared_ptr<watcher> to_; // null: it was given
};

} // namespace troupe::monitor
