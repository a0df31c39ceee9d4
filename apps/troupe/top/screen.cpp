#include "top/screen.hpp"

#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h>
#undef lines // it has macros of such names

namespace troupe_cli {

namespace {

constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

attr_t attributes_of(view_line::kind what) {
  switch (what) {
  case view_line::kind::heading:
    return A_BOLD;
  case view_line::kind::selected:
    return A_REVERSE;
  case view_line::kind::alarm:
    return has_colors() ? static_cast<attr_t>(COLOR_PAIR(1)) : A_BOLD;
  case view_line::kind::text:
    break;
  }
  return A_NORMAL;
}

screen::key key_of(int code) {
  switch (code) {
  case KEY_UP:
    return screen::key::up;
  case KEY_DOWN:
    return screen::key::down;
  case KEY_LEFT:
    return screen::key::left;
  case KEY_RIGHT:
    return screen::key::right;
  case KEY_PPAGE:
    return screen::key::page_up;
  case KEY_NPAGE:
    return screen::key::page_down;
  case KEY_ENTER:
  case '\n':
  case '\r':
    return screen::key::enter;
  case KEY_RESIZE: // what is shown is drawn again, and nobody has pressed anything
    return screen::key::none;
  default:
    return screen::key::other;
  }
}

std::optional<screen::event> read_key() {
  const int code = getch();
  if (code == ERR)
    return std::nullopt;
  return screen::event{key_of(code), code > 0 && code < 128 ? static_cast<char>(code) : '\0'};
}

} // namespace

struct screen::state {
  SCREEN* terminal = nullptr;
  int signals = -1; // a signalfd
  sigset_t before{};
  bool hung_up = false;

  ~state() {
    if (terminal != nullptr) {
      endwin();
      delscreen(terminal);
    }
    if (signals >= 0) {
      ::close(signals);
      // The end of the terminal can be seen before the SIGHUP that tells of it comes, which then says nothing new.
      if (hung_up)
        ::signal(SIGHUP, SIG_IGN);
      // One that came meanwhile has been taken, or ends the program now, with the terminal restored.
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
  }
};

screen::screen()
  : state_(std::make_unique<state>()) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    throw std::runtime_error("this is no terminal: use --once");
  const char* const name = std::getenv("TERM");
  if (name == nullptr || *name == '\0' || std::string(name) == "dumb")
    throw std::runtime_error("TERM says that this terminal cannot place text: use --once");
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : ending_signals)
    sigaddset(&ending, signal);
  ::pthread_sigmask(SIG_BLOCK, &ending, &state_->before);
  state_->signals = ::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  if (state_->signals < 0)
    throw std::system_error(errno, std::generic_category(), "watching for signals");
  std::setlocale(LC_CTYPE, "");
  // Asked first, since newterm leaves memory behind where it fails.
  int found = 0;
  if (setupterm(nullptr, STDOUT_FILENO, &found) == OK) {
    del_curterm(cur_term);
    state_->terminal = newterm(nullptr, stdout, stdin);
  }
  if (state_->terminal == nullptr)
    throw std::runtime_error("the terminal \"" + std::string(name) +
                             "\" is not known here: set TERM to another, or use --once");
  set_term(state_->terminal);
  cbreak();
  noecho();
  curs_set(0);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(50);
  if (has_colors()) {
    start_color();
    use_default_colors();
    init_pair(1, COLOR_RED, -1);
  }
}

screen::~screen() = default;

std::size_t screen::height() const {
  return LINES < 2 ? 1 : static_cast<std::size_t>(LINES) - 1;
}

void screen::show(const std::vector<view_line>& lines, std::size_t first, const std::string& last) {
  erase();
  const auto width = COLS;
  for (std::size_t row = 0; row < height() && first + row < lines.size(); ++row) {
    const auto& line = lines[first + row];
    attrset(attributes_of(line.what));
    mvaddnstr(static_cast<int>(row), 0, line.text.c_str(), width);
  }
  attrset(A_REVERSE);
  mvaddnstr(LINES - 1, 0, last.c_str(), width - 1);
  attrset(A_NORMAL);
  refresh();
}

screen::event screen::wait(int milliseconds) {
  if (const auto pressed = read_key())
    return *pressed;
  pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {state_->signals, POLLIN, 0}};
  if (::poll(watched, 2, milliseconds) <= 0) // of SIGWINCH, too, of which the next getch tells
    return {};
  if (watched[1].revents != 0) {
    signalfd_siginfo info{};
    if (::read(state_->signals, &info, sizeof info) == sizeof info)
      return {key::none, '\0', static_cast<int>(info.ssi_signo)};
  }
  if ((watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
    state_->hung_up = true;
    return {key::none, '\0', 0, true};
  }
  return read_key().value_or(event{});
}

} // namespace troupe_cli
