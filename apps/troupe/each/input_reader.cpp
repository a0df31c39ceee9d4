#include "each/input_reader.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::size_t most_ready = 4096;
constexpr std::size_t most_ready_bytes = 1 << 20;
constexpr std::size_t longest_input = 16 << 20;

std::string place(const std::string& name) {
  return name.empty() ? "stdin" : '"' + text::printable(name) + '"';
}

std::string read_problem(const std::string& name, int number) {
  return "cannot read the inputs from " + place(name) + ": " + std::strerror(number);
}

} // namespace

input_reader::input_reader(std::vector<std::string> arguments)
  : ready_(std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()))
  , ended_(true) {}

input_reader::input_reader(const std::string& file, char delimiter, std::function<void()> on_change)
  : name_(file)
  , delimiter_(delimiter)
  , on_change_(std::move(on_change)) {
  fd_ = file.empty() ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd_ < 0 || ::fstat(fd_, &status) != 0)
    throw broken_problem(read_problem(name_, errno));
  if (S_ISDIR(status.st_mode))
    throw broken_problem(read_problem(name_, EISDIR));
  if (S_ISREG(status.st_mode))
    file_size_ = static_cast<double>(status.st_size);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0)
    throw broken_problem(read_problem(name_, errno));
  // Signals are for the other threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { read_all(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

input_reader::~input_reader() {
  if (thread_.joinable()) {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    room_.notify_all();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_, &one, sizeof one);
    thread_.join();
  }
  if (fd_ > STDIN_FILENO)
    ::close(fd_);
  if (stop_ >= 0)
    ::close(stop_);
}

std::optional<input> input_reader::take() {
  const std::scoped_lock lock(mutex_);
  if (ready_.empty()) {
    if (ended_ && !problem_.empty())
      throw broken_problem(problem_);
    return std::nullopt;
  }
  input next{++taken_, std::move(ready_.front())};
  ready_.pop_front();
  if (thread_.joinable()) {
    ready_bytes_ -= next.text.size();
    taken_bytes_ += static_cast<double>(next.text.size() + 1);
    if (ready_.size() == most_ready / 2 || ready_bytes_ < most_ready_bytes / 2)
      room_.notify_one();
  }
  return next;
}

bool input_reader::at_end() const {
  const std::scoped_lock lock(mutex_);
  return ended_ && ready_.empty() && problem_.empty();
}

std::optional<double> input_reader::total() const {
  const std::scoped_lock lock(mutex_);
  const auto known = static_cast<double>(taken_ + ready_.size());
  if (ended_)
    return known;
  if (file_size_ == 0 || taken_bytes_ == 0)
    return std::nullopt;
  return std::max(known, file_size_ / taken_bytes_ * static_cast<double>(taken_));
}

void input_reader::read_all() {
  try {
    std::string rest;
    while (read_more(rest)) {
    }
    finish(problem_);
  } catch (const std::exception& e) { // no memory
    finish("cannot read the inputs from " + place(name_) + ": " + e.what());
  }
}

// Reads once, and hands on the inputs that are complete. False at the end, and when nobody wants more.
bool input_reader::read_more(std::string& rest) {
  char part[65536];
  if (!wait_readable())
    return false;
  const auto size = ::read(fd_, part, sizeof part);
  if (size < 0) {
    if (errno == EINTR || errno == EAGAIN)
      return true;
    problem_ = read_problem(name_, errno);
    return false;
  }
  if (size == 0)
    return !rest.empty() && put(std::exchange(rest, {})) && false;
  std::string_view all(part, static_cast<std::size_t>(size));
  for (auto end = all.find(delimiter_); end != std::string_view::npos; end = all.find(delimiter_)) {
    rest += all.substr(0, end);
    if (!put(std::exchange(rest, {})))
      return false;
    all.remove_prefix(end + 1);
  }
  rest += all;
  if (rest.size() > longest_input) {
    problem_ = "an input from " + place(name_) +
               " is longer than 16 MiB: does it have the right delimiter? See --null";
    return false;
  }
  return true;
}

bool input_reader::wait_readable() const {
  pollfd watched[2]{{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (::poll(watched, 2, -1) < 0 && errno == EINTR) {
  }
  return watched[1].revents == 0;
}

bool input_reader::put(std::string text) {
  std::unique_lock lock(mutex_);
  room_.wait(lock,
    [&] { return stopped_ || (ready_.size() < most_ready && ready_bytes_ < most_ready_bytes); });
  if (stopped_)
    return false;
  const bool was_empty = ready_.empty();
  ready_bytes_ += text.size();
  ready_.push_back(std::move(text));
  lock.unlock();
  if (was_empty)
    on_change_();
  return true;
}

void input_reader::finish(std::string problem) {
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    problem_ = std::move(problem);
  }
  on_change_();
}

} // namespace troupe_cli
