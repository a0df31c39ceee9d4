#include "monitor/watcher.hpp"

#include "monitor/messages.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

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

void watcher::close() {
  if (!socket_.is_open())
    return;
  const auto on_end = std::exchange(on_end_, nullptr);
  if (on_end)
    on_end(); // before its descriptor can be another's
  error_code ignored;
  socket_.close(ignored);
}

} // namespace troupe::monitor
