#include "parent/launch/zygote.hpp"

#include "base/limits.hpp"
#include "link/frame.hpp"
#include "link/memory_file.hpp"
#include "os/child_descriptor.hpp"
#include "os/image.hpp"
#include "os/start_time.hpp"
#include "values/exception_codec.hpp"
#include "values/not_arrived.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::parent {

namespace {

// How often to look whether a silent zygote has been stopped.
constexpr std::chrono::milliseconds look_interval{100};

std::string describe(const siginfo_t& info) {
  if (info.si_pid == 0)
    return "has ended";
  if (info.si_code == CLD_EXITED)
    return "exited with code " + std::to_string(info.si_status);
  return "was killed by " + describe_signal(info.si_status);
}

} // namespace

zygote::zygote(const maker& make, const std::vector<link::wire_call>& preload,
  std::chrono::milliseconds preload_timeout, bool bound_now)
  : preload_timeout_(preload_timeout) {
  auto [own, other] = link::make_control_sockets();
  detail::bytes encoded;
  encoder{encoded}(preload);
  const auto calls = link::make_memory_file(detail::view(encoded));
  const link::zygote_hello hello{link::link_magic, ::getpid(), os::image_build_id(), bound_now};
  const int fds[] = {births_.fd(), calls.get()};
  if (!link::send_control(own.get(), hello, fds, std::size(fds)))
    throw std::system_error(errno, std::generic_category(), "greeting a zygote");
  process_ = make(other).descriptor;
  socket_ = std::move(own);
}

zygote::~zygote() {
  end({});
}

std::unique_ptr<zygote> zygote::fork_this_process(void (*serve)(base::unique_fd)) {
  const auto fork_once = [serve](const base::unique_fd& socket) -> started_process {
    // What is buffered would be written again by each child.
    std::cout.flush();
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0)
      throw std::system_error(errno, std::generic_category(), "forking a zygote");
    if (pid == 0) {
      serve(base::unique_fd(::dup(socket.get())));
      ::_exit(EXIT_FAILURE);
    }
    return {pid, os::child_descriptor::open_or_end(pid)};
  };
  return std::make_unique<zygote>(
    fork_once, std::vector<link::wire_call>{}, limits::zygote_patience);
}

void zygote::end(const std::string& why) {
  socket_.reset();
  if (!process_)
    return;
  const auto info = process_.kill_and_reap();
  exited_ = why.empty() && info.si_pid != 0 && info.si_code == CLD_EXITED;
  how_it_ended_ = why.empty() ? describe(info) : why;
  process_.reset();
}

// -- talking --------------------------------------------------------------------------------------------

void zygote::continue_if_stopped() noexcept {
  siginfo_t info{};
  if (process_.wait(info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
    process_.send(SIGCONT);
}

std::optional<link::zygote_answer> zygote::receive(
  clock::time_point until, int stop, base::unique_fd* file) {
  while (clock::now() < until) {
    pollfd waited[] = {{socket_.get(), POLLIN, 0}, {stop, POLLIN, 0}};
    if (::poll(waited, std::size(waited), static_cast<int>(look_interval.count())) == 0) {
      continue_if_stopped();
      continue;
    }
    if (waited[1].revents != 0)
      throw std::system_error(std::make_error_code(std::errc::operation_canceled),
        "starting a child while the runtime ends");
    link::zygote_answer answer;
    try {
      const auto received =
        link::receive_control(socket_.get(), &answer, sizeof answer, file, file != nullptr ? 1 : 0);
      if (received == link::receive_result::message)
        return answer;
      if (received == link::receive_result::closed)
        break;
    } catch (const link::protocol_violation& violation) {
      end(std::string("violated the protocol: ") + violation.what());
      return std::nullopt;
    }
  }
  timed_out_ = clock::now() >= until;
  end(timed_out_ ? "did not answer in time" : "");
  return std::nullopt;
}

void zygote::fail_to_arrive() const {
  const auto what =
    "the zygote " + how_it_ended_ +
    " before it was ready; what stands before troupe::runtime or troupe::child_entry in main "
    "runs in it as well, and then it has " +
    std::to_string(preload_timeout_.count()) + " ms for its preload calls";
  if (exited_ || timed_out_)
    throw values::not_arrived(what);
  throw std::runtime_error(what);
}

void zygote::wait_ready(int stop) {
  if (ready_)
    return;
  base::unique_fd report;
  const auto answer = receive(clock::now() + preload_timeout_, stop, &report);
  if (!answer)
    fail_to_arrive();
  if (answer->status != link::zygote_status::ready)
    refuse(*answer, report);
  ready_ = true;
}

void zygote::refuse(link::zygote_answer answer, const base::unique_fd& report) {
  end("has ended");
  if (answer.status == link::zygote_status::other_image)
    throw std::runtime_error(
      "the zygote has another build id than its runtime: the program was replaced "
      "while it runs, so start it again");
  if (answer.status == link::zygote_status::preload_failed)
    std::rethrow_exception(
      detail::decode_exception(link::read_memory_file(report, limits::max_message_bytes)));
  throw link::protocol_violation("a zygote gives an answer that there is not");
}

std::optional<started_process> zygote::fork_child(const base::unique_fd& control, int stop) {
  births_.clear();
  requested_at_ = os::boot_time();
  const link::zygote_request request;
  const int fd = control.get();
  if (!link::send_control(socket_.get(), request, &fd, 1)) {
    end({});
    return std::nullopt;
  }
  std::optional<link::zygote_answer> answer;
  try {
    answer = receive(clock::now() + limits::zygote_patience, stop);
  } catch (...) {
    end({});
    if (const auto child = latest_child())
      child->descriptor.kill_and_reap();
    throw;
  }
  if (answer && answer->status == link::zygote_status::not_forked)
    throw std::system_error(answer->error, std::generic_category(), "forking a child process");
  if (answer && answer->status != link::zygote_status::forked)
    end("gave an answer that there is not");
  return latest_child();
}

// Also after the zygote's end: it may have died between making the child and telling of it.
std::optional<started_process> zygote::latest_child() {
  const pid_t pid = births_.pid();
  if (pid <= 0)
    return std::nullopt;
  const auto is_older = [&] {
    const auto started = os::start_time(pid);
    return started && *started + os::start_time_unit() < requested_at_;
  };
  started_process child{pid, {}};
  try {
    child.descriptor =
      os::child_descriptor::open(pid); // so it is a child of this process, and stays that one
  } catch (const std::system_error&) {
    if (!is_older())
      os::end_child(pid);
    throw;
  }
  if (is_older()) {
    end("named a process that it did not make");
    return std::nullopt;
  }
  return child;
}

} // namespace troupe::parent
