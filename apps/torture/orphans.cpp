// Parents are killed in every state that a pool can be in: a second later, nothing that they have started is left.
#include "arena.hpp"
#include "descendants.hpp"
#include "parent_states.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace torture {

namespace {

using clock = std::chrono::steady_clock;

constexpr double most_seconds = 1;

int checked(int result, const char* what) {
  if (result < 0)
    throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// This program as a parent in some state, with a mark of its own.
class doomed {
public:
  doomed(std::string_view state, troupe::start_method method, std::uint64_t number) {
    const auto mark = std::to_string(::getpid()) + '.' + std::to_string(number);
    mark_ = "TROUPE_TORTURE_MARK=" + mark;
    if (state == "terminal")
      open_terminal();
    int output[2];
    checked(::pipe2(output, O_CLOEXEC), "pipe2");
    output_ = output[0];
    const std::string program = program_path();
    const std::string name(state);
    const std::string start(troupe::to_string(method));
    const pid_t torture = ::getpid();
    pid_ = checked(::fork(), "fork");
    if (pid_ == 0) { // only what may be called in a copy of a process with threads, and setenv
      ::prctl(PR_SET_PDEATHSIG, SIGKILL); // it may hang, and torture gives up then
      if (::getppid() != torture)
        ::_exit(127);
      ::dup2(output[1], STDOUT_FILENO);
      if (terminal_ >= 0)
        take_terminal();
      ::setenv("TROUPE_TORTURE_MARK", mark.c_str(), 1);
      ::execl(program.c_str(), "troupe-torture", "parent", name.c_str(), "--start", start.c_str(),
        nullptr);
      ::_exit(127);
    }
    ::close(output[1]);
  }
  doomed(const doomed&) = delete;
  ~doomed() {
    kill();
    ::close(output_);
    if (terminal_ >= 0)
      ::close(terminal_);
  }

  // Whether it has come so far that it can be killed.
  bool is_up() const {
    char up[3] = {};
    return ::read(output_, up, sizeof up) == sizeof up;
  }
  void kill() {
    if (std::exchange(alive_, false)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  const std::string& mark() const { return mark_; }

private:
  static std::string program_path() {
    std::string path(4096, '\0');
    path.resize(static_cast<std::size_t>(checked(
      static_cast<int>(::readlink("/proc/self/exe", path.data(), path.size())), "readlink")));
    return path;
  }
  void open_terminal() {
    terminal_ = checked(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt");
    checked(::grantpt(terminal_), "grantpt");
    checked(::unlockpt(terminal_), "unlockpt");
    std::array<char, 64> name{};
    checked(-::ptsname_r(terminal_, name.data(), name.size()), "ptsname_r");
    terminal_name_ = name.data();
  }
  // It leads a session of its own, which this is the terminal of.
  void take_terminal() const {
    ::setsid();
    const int slave = ::open(terminal_name_.c_str(), O_RDWR);
    ::ioctl(slave, TIOCSCTTY, 0);
    ::dup2(slave, STDIN_FILENO);
    ::close(slave);
  }

  std::string mark_;
  std::string terminal_name_;
  int terminal_ = -1;
  int output_ = -1;
  pid_t pid_ = 0;
  bool alive_ = true;
};

// Seconds from the death of a parent until all is gone that it has started, if that comes to be.
double kill_parent(
  arena& in, std::string_view state, troupe::start_method method, std::uint64_t number) {
  const auto text = "a parent with start method " + std::string(troupe::to_string(method)) +
                    " in the state " + std::string(state);
  doomed parent(state, method, number);
  if (!parent.is_up())
    in.says.broken(text + " does not get that far");
  std::this_thread::sleep_for(std::chrono::microseconds(in.random() % 20'000));
  const auto begin = clock::now();
  parent.kill();
  const bool gone =
    eventually([&] { return marked_processes(parent.mark()).empty(); }, std::chrono::seconds(10));
  const double seconds = std::chrono::duration<double>(clock::now() - begin).count();
  if (!gone) {
    in.says.broken(text + " has left a process behind");
    for (const pid_t left : marked_processes(parent.mark()))
      ::kill(left, SIGKILL);
  } else if (seconds > most_seconds && !in.with.brief) // which may run on a machine with other work
    in.says.broken("what " + text + " has started was there for more than a second");
  return seconds;
}

} // namespace

void orphans(arena& in) {
  const auto states = parent_states();
  const auto parents = in.with.tasks_or(std::max<std::uint64_t>(100, 3 * states.size()), 12);
  const auto all = methods(in.with);
  std::vector<double> seconds;
  // In the short form, a selection: another one with another seed.
  const auto offset = in.with.brief ? in.random() : 0;
  for (std::uint64_t i = 0; i < parents; ++i) {
    const auto number = i + offset;
    const auto task = in.tasks.submit();
    seconds.push_back(
      kill_parent(in, states[number % states.size()], all[number / states.size() % all.size()], i));
    in.tasks.resolved(task, outcome::any);
  }
  in.says.figure("states", std::uint64_t{std::min<std::uint64_t>(parents, states.size())});
  in.says.figure("slowest_seconds", *std::max_element(seconds.begin(), seconds.end()));
}

} // namespace torture
