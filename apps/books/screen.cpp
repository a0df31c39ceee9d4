#include "screen.hpp"

#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

namespace books {

progress_style screen_style() {
  return ::isatty(STDERR_FILENO) == 1 ? progress_style::terminal : progress_style::log;
}

std::size_t screen_width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

void show(std::string_view text) {
  if (!text.empty())
    std::cerr << text << std::flush;
}

} // namespace books
