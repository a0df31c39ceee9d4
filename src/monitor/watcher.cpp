#include "monitor/watcher.hpp"

#include "monitor/messages.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace troupe::monitor {

using boost::system::error_code;

watcher::watcher(boost::asio::io_context& io, line_handler on_line, std::function<void()> on_end)
  : socket_(io)
  , on_line_(std::move(on_line))
  , on_end_(std::move(on_end)) {}

std::shared_ptr<watcher> watcher::start(boost::asio::io_context& io, base::unique_fd socket,
  line_handler on_line, std::function<void()> on_end) {
  std::shared_ptr<watcher> self(new watcher(io, std::move(on_line), std::move(on_end)));
  self->socket_.assign(boost::asio::local::stream_protocol(), socket.get());
  static_cast<void>(socket.release());
  self->read();
  return self;
}

void watcher::read() {
  socket_.async_read_some(boost::asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
    [self = shared_from_this()](const error_code& error, std::size_t count) {
      if (error)
        return self->close();
      self->filled_ += count;
      self->next_line();
    });
}

void watcher::next_line() {
  auto* const end = buffer_.data() + filled_;
  auto* const newline = std::find(buffer_.data(), end, '\n');
  if (newline == end) {
    if (filled_ == buffer_.size())
      answer_last(error_line("a line has at most " + std::to_string(buffer_.size()) + " bytes"));
    else
      read();
    return;
  }
  const std::string line(buffer_.data(), newline);
  std::copy(newline + 1, end, buffer_.data());
  filled_ -= line.size() + 1;
  on_line_(shared_from_this(), line);
}

void watcher::answer(std::string line) {
  write(std::move(line), false);
}

void watcher::answer_last(std::string line) {
  write(std::move(line), true);
}

void watcher::write(std::string line, bool last) {
  if (!socket_.is_open())
    return;
  answer_ = std::move(line);
  boost::asio::async_write(socket_, boost::asio::buffer(answer_),
    [self = shared_from_this(), last](const error_code& error, std::size_t) {
      self->answer_ = {};
      if (error || last)
        return self->close();
      self->next_line();
    });
}

// -- streams --------------------------------------------------------------------------------------------

void watcher::begin_stream(std::string line) {
  if (!socket_.is_open())
    return;
  waiting_ = std::move(line);
  streams_ = true;
  watch_for_end();
  flush_soon();
}

// Whatever comes, or nothing because the other has hung up.
void watcher::watch_for_end() {
  socket_.async_wait(boost::asio::local::stream_protocol::socket::wait_read,
    [self = weak_from_this()](const error_code&) {
      if (const auto open = self.lock())
        open->close();
    });
}

void watcher::stream(std::string_view lines) {
  const auto size = waiting_.size();
  try {
    add_missed();
    waiting_ += lines;
    flush_soon();
  } catch (...) {
    waiting_.resize(size); // what was missed is said later
    throw;
  }
  missed_ = 0;
}

void watcher::missed() noexcept {
  ++missed_;
  try {
    flush_soon();
  } catch (...) {
    // There is no memory: it is said with the next event.
  }
}

void watcher::add_missed() {
  if (missed_ > 0)
    waiting_ += missed_line(missed_);
}

// All that comes in one turn of the loop is sent together.
void watcher::flush_soon() {
  if (flushes_)
    return;
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
  flushes_ = true;
}

// The bytes are counted when they are sent, not in a later turn of the loop: the stream may end between the two, and what was
// sent must not be sent again.
void watcher::flush() {
  if (!socket_.is_open())
    return;
  try {
    for (;;) {
      if (sent_ == answer_.size())
        take_waiting();
      if (answer_.empty()) {
        flushes_ = false;
        return;
      }
      if (!send_some(answer_, sent_))
        break;
    }
    if (errno != EAGAIN)
      return close();
    socket_.async_wait(boost::asio::local::stream_protocol::socket::wait_write,
      [self = shared_from_this()](const error_code& error) {
        if (error)
          return self->close();
        self->flush();
      });
  } catch (...) {
    close(); // there is no memory
  }
}

void watcher::take_waiting() {
  if (missed_ > 0) {
    add_missed();
    missed_ = 0;
  }
  answer_.clear();
  sent_ = 0;
  answer_.swap(waiting_);
}

// Sends what the socket takes of the text beyond the first `done` bytes. False: it takes nothing, and `errno` says why.
bool watcher::send_some(std::string_view text, std::size_t& done) {
  for (;;) {
    const auto count = ::send(
      socket_.native_handle(), text.data() + done, text.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    done += static_cast<std::size_t>(count);
    return true;
  }
}

void watcher::send_rest() {
  try {
    auto rest = answer_.substr(sent_) + waiting_;
    if (missed_ > 0)
      rest += missed_line(missed_);
    rest += end_line();
    for (std::size_t done = 0; done < rest.size() && send_some(rest, done);)
      ;
  } catch (...) {
    // There is no memory: it ends without.
  }
}

// -- the answer that is owed -----------------------------------------------------------------------------

owed_answer::~owed_answer() {
  try {
    if (to_)
      give(error_line("nobody has answered: it has ended meanwhile"));
  } catch (...) {
    // There is no memory to tell it.
  }
}

void owed_answer::give(std::string line) {
  if (!to_)
    return;
  to_->answer(std::move(line));
  to_ = nullptr;
}

std::shared_ptr<watcher> owed_answer::give_stream(std::string line) {
  to_->begin_stream(std::move(line));
  return std::exchange(to_, nullptr);
}

void watcher::close() {
  if (!socket_.is_open())
    return;
  const auto on_end = std::exchange(on_end_, nullptr);
  if (on_end)
    on_end(); // before its descriptor can be another's
  if (streams_)
    send_rest();
  error_code ignored;
  socket_.close(ignored);
}

} // namespace troupe::monitor
