#pragma once

#include "lines/byte_input.hpp"

#include <functional>
#include <thread>

#include <signal.h>

namespace troupe_cli {

/// For as long as it lives, SIGINT, SIGTERM and SIGHUP are calls of a function on a thread of its own, and SIGPIPE
/// is an error of `write`. To be made before any other thread: those inherit what it blocks.
class signal_watch {
public:
  explicit signal_watch(std::function<void(int signal)> on_signal);
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;
  ~signal_watch();

private:
  void wait();

  std::function<void(int)> on_signal_;
  sigset_t before_;
  int signals_; // a signalfd
  stop_bell stop_;
  std::thread thread_;
};

} // namespace troupe_cli
