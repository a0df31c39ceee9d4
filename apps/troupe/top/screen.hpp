#pragma once

#include "top/view.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe_cli {

/// The terminal, taken over until this is destroyed: then it is as it was. One at a time. Signals that end a program
/// (SIGINT, SIGTERM, SIGHUP, SIGQUIT) are taken as the wish to leave, so that the terminal is restored then as well; one that
/// stops it (SIGTSTP) is the library's affair.
class screen {
public:
  /// Throws `std::runtime_error` if stdin or stdout is no terminal, or one that cannot place text.
  screen();
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;
  ~screen();

  /// Shows the lines from number `first` on, as many as there is room for, and a last line. Lines that are too long are cut.
  void show(const std::vector<view_line>& lines, std::size_t first, const std::string& last);
  /// Lines that there is room for, beside the last one.
  std::size_t height() const;

  enum class key { none, other, up, down, left, right, page_up, page_down, enter };
  struct event {
    key what = key::none;
    char letter = '\0';   ///< of `key::other`
    int signal = 0;       ///< that ends the program
    bool hung_up = false; ///< the terminal is gone
  };
  /// Waits for a key, a signal, or the time.
  event wait(int milliseconds);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe_cli
