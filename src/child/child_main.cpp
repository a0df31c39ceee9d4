#include "child/child_main.hpp"

#include "child/crash_report.hpp"
#include "child/describe_exception.hpp"
#include "child/parent_link.hpp"
#include "child/throw_recorder.hpp"
#include "child/worker_actor.hpp"
#include "core/exception_codec.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "link/image.hpp"

#include <troupe/this_child.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace child {

namespace {

// Exit codes of a child that could not start.
constexpr int exit_start_failed = 1;
constexpr int exit_parent_gone = 2;
constexpr int exit_protocol = 3;

// `std::exit` would run the destructors of objects that threads of the user may still use; as in any
// worker of this kind, output is flushed and the rest is the kernel's.
[[noreturn]] void leave(int code) {
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code);
}

struct surroundings {
  boost::asio::any_io_executor executor;
  std::size_t position = 0;
};

// What `this_child` tells; set once, before any task.
std::optional<surroundings>& here() {
  static std::optional<surroundings> instance;
  return instance;
}

/// A child from its handshake to its end. Everything happens on the loop's thread, the main thread.
class child_process {
public:
  child_process(link::unique_fd control, const link::parent_hello& hello,
    std::shared_ptr<link::shared_region> region, link::unique_fd parent_bell,
    link::unique_fd child_bell)
    : control_(std::move(control))
    , system_(config_)
    , loop_(system_)
    , link_(
        loop_,
        link::channel(std::move(region), link::channel::side::child, std::move(child_bell),
          std::move(parent_bell)),
        hello.generation, [this](const auto& header, auto payload) { on_frame(header, payload); },
        [this] { return worker_ != nullptr && worker_->work(); })
    , stops_(link_.region().slots(), control_.get())
    , control_watch_(loop_.io(), control_.get(), [this] { on_control(); }) {}

  void run() { loop_.run(); }

private:
  void on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
    if (header.kind == link::frame_kind::setup && worker_ == nullptr)
      set_up(payload);
    else if (header.kind == link::frame_kind::call && worker_ != nullptr)
      accept(header, payload);
    else
      leave(exit_protocol);
  }

  void set_up(std::span<const std::byte> payload) {
    decoder in(payload);
    settings_ = in.make<link::child_settings>();
    ::pthread_setname_np(::pthread_self(), settings_.pool_name.substr(0, 15).c_str());
    loop_.set_spin_maximum(std::chrono::nanoseconds(settings_.spin_nanoseconds));
    here() = surroundings{loop_.io().get_executor(), settings_.position};
    if (const auto thrown = run(settings_.initializer))
      fail_start(thrown);
    spawn_worker();
    link::frame_header ready;
    ready.kind = link::frame_kind::ready;
    link_.send(ready, {});
  }

  void spawn_worker() {
    worker_actor::settings options;
    options.position = settings_.position;
    options.concurrency = settings_.concurrency;
    options.exception_handler = reinterpret_cast<void (*)(std::exception_ptr)>(
      detail::function_at(settings_.exception_handler));
    worker_handle_ = system_.spawn<worker_actor>(loop_, link_, stops_, options);
    worker_ = static_cast<worker_actor*>(caf::actor_cast<caf::abstract_actor*>(worker_handle_));
  }

  // What the call threw, or null.
  static std::exception_ptr run(const link::wire_call& call) {
    if (call.empty())
      return nullptr;
    const record_throws recording;
    try {
      const auto thunk = detail::function_at(call.thunk);
      if (thunk == nullptr)
        throw std::logic_error("the function of this call is in a module that is not loaded here");
      detail::bytes result;
      detail::invocation invocation{call.arguments, detail::function_at(call.target), result};
      reinterpret_cast<detail::plain_thunk>(thunk)(invocation);
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  [[noreturn]] void fail_start(const std::exception_ptr& thrown) {
    auto report = describe_exception(thrown);
    report.pid = ::getpid();
    report.slot = settings_.position;
    detail::bytes encoded;
    detail::encode_report(encoded, report);
    link::frame_header header;
    header.kind = link::frame_kind::start_failed;
    // The parent reads it from the shared memory after this process has ended.
    link_.send(header, std::move(encoded));
    leave(exit_start_failed);
  }

  void accept(const link::frame_header& header, std::span<const std::byte> payload) {
    link::call_head head;
    if (payload.size() < sizeof head || header.slot >= link_.region().slot_count())
      leave(exit_protocol);
    std::memcpy(&head, payload.data(), sizeof head);
    payload = payload.subspan(sizeof head);
    call_message call;
    call.task = header.task;
    call.slot = header.slot;
    call.attempt = static_cast<std::uint32_t>(header.extra);
    call.kind = static_cast<detail::call_kind>(head.kind);
    call.timeout = std::chrono::nanoseconds(head.timeout);
    call.thunk = detail::function_at({head.thunk_module, head.thunk_offset});
    call.target = detail::function_at({head.target_module, head.target_offset});
    call.arguments.assign(payload);
    if (call.thunk == nullptr)
      leave(exit_protocol);
    caf::anon_send(worker_handle_, std::move(call));
  }

  void on_control() {
    link::control_message message;
    switch (link::receive_control(control_.get(), &message, sizeof message)) {
    case link::receive_result::closed:
      ::_exit(exit_parent_gone); // nobody is left to tell anything
    case link::receive_result::message:
      if (message.kind == link::control_kind::drain)
        drain(message.exit_code);
      stops_.look();
      if (message.kind == link::control_kind::stop && worker_ != nullptr)
        worker_->stop(message.slot, message.task);
      break;
    case link::receive_result::nothing:
      break;
    }
  }

  [[noreturn]] void drain(int exit_code) {
    const auto thrown = run(settings_.finalizer);
    if (thrown)
      std::fprintf(stderr, "troupe: %s: the finalizer of child %llu threw: %s\n",
        settings_.pool_name.c_str(), static_cast<unsigned long long>(settings_.position),
        describe_exception(thrown).what.c_str());
    leave(thrown ? EXIT_FAILURE : exit_code);
  }

  link::unique_fd control_;
  core::caf_config config_{1};
  caf::actor_system system_;
  loop::event_loop loop_;
  link::child_settings settings_;
  caf::actor worker_handle_;
  worker_actor* worker_ = nullptr; // owned by worker_handle_
  parent_link link_;
  stop_requests stops_;
  loop::descriptor_watch control_watch_;
};

bool wait_readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  int result = 0;
  do
    result = ::poll(&waited, 1, -1);
  while (result < 0 && errno == EINTR);
  return result == 1;
}

[[noreturn]] void child_main(link::unique_fd control) {
  link::parent_hello hello;
  link::unique_fd fds[3];
  if (!wait_readable(control.get()) || link::receive_control(control.get(), &hello, sizeof hello,
                                         fds, 3) != link::receive_result::message)
    ::_exit(exit_parent_gone);
  const link::child_hello answer{link::link_magic, hello.generation, link::program_build_id()};
  link::send_control(control.get(), answer);
  if (hello.magic != link::link_magic || hello.build != answer.build || !fds[2])
    ::_exit(exit_start_failed); // the parent compares as well, and says why
  if (::getppid() != hello.parent_pid)
    ::_exit(exit_parent_gone); // it died before PR_SET_PDEATHSIG was set
  auto region = std::make_shared<link::shared_region>(std::move(fds[0]), hello.slots);
  region->close_fd();
  install_crash_handlers(region->header().crash);
  child_process self(
    std::move(control), hello, std::move(region), std::move(fds[1]), std::move(fds[2]));
  self.run();
  leave(EXIT_SUCCESS);
}

} // namespace

void become_child_if_asked() {
  const char* value = std::getenv(link::link_variable);
  if (value == nullptr)
    return;
  const int fd = std::atoi(value);
  ::unsetenv(link::link_variable); // not for the children of this child
  int type = 0;
  socklen_t size = sizeof type;
  if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  try {
    child_main(link::unique_fd(fd));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe: a child cannot run: %s\n", e.what());
    leave(exit_start_failed);
  }
}

} // namespace child

namespace this_child {

bool is_child() noexcept {
  return child::here().has_value();
}

boost::asio::any_io_executor executor() {
  if (!is_child())
    throw std::logic_error("troupe::this_child::executor: this process is not a child of a pool");
  return child::here()->executor;
}

std::size_t slot() {
  if (!is_child())
    throw std::logic_error("troupe::this_child::slot: this process is not a child of a pool");
  return child::here()->position;
}

} // namespace this_child
} // namespace troupe
