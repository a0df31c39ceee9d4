#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <functional>
#include <memory>

#include <termios.h>

namespace troupe_cli::test {

/// Reads single keys while standard input is a terminal and this process in its foreground, without waiting for a line.
/// The terminal is as it was when this object is gone, and while the process is stopped (Ctrl-Z). Where standard input is
/// no terminal, nothing is done.
class terminal_keys {
public:
  /// Calls `on_key` on the loop. To be made and destroyed there.
  terminal_keys(boost::asio::io_context& loop, std::function<void(char)> on_key);
  terminal_keys(const terminal_keys&) = delete;
  terminal_keys& operator=(const terminal_keys&) = delete;
  ~terminal_keys();

private:
  bool in_foreground();
  void take();
  void give_back();
  void await_key();
  void read_keys();
  void await_signal();
  void on_signal(int number);

  boost::asio::posix::stream_descriptor terminal_;
  boost::asio::signal_set signals_;
  std::function<void(char)> on_key_;
  termios before_{};
  bool taken_ = false;
  bool awaits_key_ = false;
  std::shared_ptr<int> life_ =
    std::make_shared<int>(); // handlers may be called after this object's
};

} // namespace troupe_cli::test
