#include "child/runtime/child_main.hpp"

#include "child/asking/nested_wait.hpp"
#include "child/asking/parent_handles.hpp"
#include "child/asking/requests.hpp"
#include "child/runtime/actor_host.hpp"
#include "child/runtime/apply_limits.hpp"
#include "child/runtime/copies.hpp"
#include "child/runtime/crash_report.hpp"
#include "child/runtime/exits.hpp"
#include "child/runtime/late_scheduler.hpp"
#include "child/runtime/loop_setup.hpp"
#include "child/runtime/parent_link.hpp"
#include "child/runtime/run_call.hpp"
#include "child/tasks/describe_exception.hpp"
#include "child/tasks/worker_actor.hpp"
#include "child/zygote/zygote_main.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "link/zygote_protocol.hpp"
#include "os/image.hpp"
#include "os/process_setup.hpp"
#include "values/exception_codec.hpp"

#include <troupe/this_child.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace child {

namespace {

struct surroundings {
  surroundings(boost::asio::any_io_executor of_loop, std::size_t at)
    : executor(std::move(of_loop))
    , position(at) {}

  const boost::asio::any_io_executor executor;
  std::atomic<std::size_t> position; // of a spare, until it takes its place
};

// What `this_child` tells; made before any task.
std::optional<surroundings>& here() {
  static std::optional<surroundings> instance;
  return instance;
}

struct too_large_for_memory : std::bad_alloc {
  const char* what() const noexcept override {
    return "the arguments of the task do not fit into the memory of its child: pass them in parts, "
           "or the name of a file, or raise limits.address_space";
  }
};

struct code_not_here : std::logic_error {
  code_not_here()
    : std::logic_error(
        "the function of the task is in a library that this child has not loaded, or that was "
        "replaced on disk since the program started: load it before the pool is made, link the "
        "program to it, or start the program again") {}
};

detail::bytes start_report(const std::exception_ptr& thrown, std::size_t position) {
  auto report = describe_exception(thrown);
  report.pid = ::getpid();
  report.slot = position;
  detail::bytes encoded;
  detail::encode_report(encoded, report);
  return encoded;
}

/// A child from its handshake to its end. Everything happens on the loop's thread, the main thread.
class child_life {
public:
  child_life(const link::parent_hello& hello, link::channel to_parent, const loop_setup& setup)
    : parent_(hello.parent_pid)
    , setup_(setup)
    , system_(child_actor_system())
    , loop_(system_, setup_.options.concurrency_hint)
    , link_(
        loop_, std::move(to_parent), hello.generation,
        [this](const auto& header, auto payload) { on_frame(header, payload); },
        [this] { return work(); })
    , requests_(link_)
    , waits_(loop_, link_, requests_, worker_)
    , stops_(link_.region().cells(), link_.wanted())
    , actors_(system_, loop_, link_) {
    compat::give_node_id(system_);
    connect_handles(requests_, waits_);
  }

  void run() { loop_.run(); }

private:
  bool work() {
    follow_wishes();
    const bool called = requests_.run_posted();
    return (worker_ != nullptr && worker_->work()) || called;
  }

  void on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
    const bool lost = (header.flags & link::payload_lost) != 0;
    if (header.kind == link::frame_kind::setup && worker_ == nullptr && !lost)
      set_up(payload);
    else if (header.kind == link::frame_kind::call && worker_ != nullptr)
      accept(header, payload);
    else if (header.kind == link::frame_kind::position && worker_ != nullptr)
      take_position(static_cast<std::size_t>(header.extra));
    else if (header.kind == link::frame_kind::to_actors && !lost)
      receive_for_actors(header, payload);
    else if (header.kind == link::frame_kind::reply && requests_.on_reply(header, payload))
      return; // also one whose payload is lost
    else
      leave(exit_protocol);
  }

  void receive_for_actors(const link::frame_header& header, std::span<const std::byte> payload) {
    try {
      actors_.receive(static_cast<link::actor_signal>(header.extra), payload);
    } catch (const link::protocol_violation& violation) {
      std::fprintf(stderr, "troupe: pool %s: a message for an actor in child %llu is wrong: %s\n",
        settings_.pool_name.c_str(), static_cast<unsigned long long>(settings_.position),
        violation.what());
      leave(exit_protocol);
    }
  }

  void set_up(std::span<const std::byte> payload) {
    decoder in(payload);
    settings_ = in.make<link::child_settings>();
    ::pthread_setname_np(::pthread_self(), settings_.pool_name.substr(0, 15).c_str());
    loop_.set_spin_maximum(std::chrono::nanoseconds(settings_.spin_nanoseconds));
    here().emplace(loop_.io().get_executor(), settings_.position);
    if (setup_.thrown)
      fail_start(setup_.thrown);
    try {
      apply_limits(settings_.limits);
    } catch (...) {
      fail_start(std::current_exception());
    }
    if (const auto thrown = run(settings_.initializer))
      fail_start(thrown);
    // An initializer that gave up its user's rights has taken this away.
    if (!os::die_with_parent() || ::getppid() != parent_)
      ::_exit(exit_parent_gone);
    try {
      spawn_worker();
    } catch (...) {
      fail_start(std::current_exception());
    }
    link::frame_header ready;
    ready.kind = link::frame_kind::ready;
    link_.send(ready, {});
  }

  void take_position(std::size_t position) {
    settings_.position = position;
    here()->position = position;
    worker_->take_position(position);
  }

  void spawn_worker() {
    worker_actor::settings options;
    options.position = settings_.position;
    options.concurrency = settings_.concurrency;
    options.blocking_threads = setup_.options.blocking_threads != 0
                                 ? setup_.options.blocking_threads
                                 : settings_.concurrency;
    options.exception_handler = reinterpret_cast<void (*)(std::exception_ptr)>(
      detail::function_at(settings_.exception_handler));
    worker_handle_ = system_.spawn<worker_actor>(loop_, link_, requests_, stops_, options);
    worker_ = static_cast<worker_actor*>(caf::actor_cast<caf::abstract_actor*>(worker_handle_));
  }

  // Initializer and finalizer: they may ask the parent, as a plain function may.
  std::exception_ptr run(const link::wire_call& call) {
    const nested_wait::allowance may_wait(waits_);
    return run_call(call);
  }

  [[noreturn]] void fail_start(const std::exception_ptr& thrown) {
    auto encoded = start_report(thrown, settings_.position);
    link::frame_header header;
    header.kind = link::frame_kind::start_failed;
    // The parent reads it from the shared memory after this process has ended.
    link_.send(header, std::move(encoded));
    leave(exit_start_failed);
  }

  // A task that cannot be taken in is that task's failure.
  void accept(const link::frame_header& header, std::span<const std::byte> payload) {
    if (header.cell >= link_.region().cell_count())
      leave(exit_protocol);
    call_message call;
    call.task = header.task;
    call.cell = header.cell;
    call.attempt = static_cast<std::uint32_t>(header.extra);
    try {
      take_in(call, header, payload);
      caf::anon_send(worker_handle_, std::move(call));
    } catch (...) {
      call.arguments = {};
      worker_->refuse(call, std::current_exception());
    }
    link_.region().header().taken_in.store(++taken_in_, std::memory_order_release);
  }

  static void take_in(
    call_message& call, const link::frame_header& header, std::span<const std::byte> payload) {
    link::call_head head;
    if ((header.flags & link::payload_lost) != 0)
      throw too_large_for_memory();
    if (payload.size() < sizeof head)
      leave(exit_protocol);
    std::memcpy(&head, payload.data(), sizeof head);
    const auto code = head.code();
    call.kind = code.kind;
    call.timeout = std::chrono::nanoseconds(head.timeout);
    call.nesting = head.nesting;
    call.thunk = detail::function_at(code.thunk);
    call.target = detail::function_at(code.target);
    const bool has_target = code.target != code_location{};
    if (call.thunk == nullptr || (has_target && call.target == nullptr))
      throw code_not_here();
    try {
      call.arguments.assign(payload.subspan(sizeof head));
    } catch (const std::bad_alloc&) {
      throw too_large_for_memory();
    }
  }

  // What the parent wants lies in shared memory; a look at it costs one cache line a turn.
  void follow_wishes() {
    if (const auto exit_code = link_.wanted().drain())
      drain(*exit_code);
    if (!link_.take_stops())
      return;
    link_.region().stop_marks().take([this](std::uint32_t cell) {
      stops_.stop(cell);
      if (worker_ != nullptr)
        worker_->stop(cell);
    });
  }

  [[noreturn]] void drain(int exit_code) {
    requests_.run_posted();
    const auto thrown = run(settings_.finalizer);
    if (thrown)
      std::fprintf(stderr, "troupe: %s: the finalizer of child %llu threw: %s\n",
        settings_.pool_name.c_str(), static_cast<unsigned long long>(settings_.position),
        describe_exception(thrown).what.c_str());
    leave(thrown ? EXIT_FAILURE : exit_code);
  }

  const pid_t parent_;
  const loop_setup setup_;
  caf::actor_system& system_;
  loop::event_loop loop_;
  link::child_settings settings_;
  caf::actor worker_handle_;
  worker_actor* worker_ = nullptr; // owned by worker_handle_
  std::uint64_t taken_in_ = 0;     // the number of tasks
  parent_link link_;
  requests requests_;
  nested_wait waits_;
  stop_requests stops_;
  actor_host actors_;
};

// The parent captures the output.
void redirect_output(base::unique_fd out, base::unique_fd err) {
  flush_output();
  if (::dup2(out.get(), STDOUT_FILENO) < 0 || ::dup2(err.get(), STDERR_FILENO) < 0)
    throw std::system_error(errno, std::generic_category(), "redirecting the output of a child");
  // By itself it would keep lines until its buffer is full, as stdout is not a terminal.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
}

// False: this is another program than the parent's.
bool say_hello(link::channel& to_parent, const link::parent_hello& hello) {
  const link::child_hello answer{link::link_magic, hello.generation, os::image_build_id()};
  link::frame_header header;
  header.kind = link::frame_kind::hello;
  header.generation = hello.generation;
  if (!to_parent.try_send(header, std::as_bytes(std::span(&answer, 1)), {}))
    return false;
  to_parent.ring_peer();
  return hello.build == answer.build;
}

// Something that the child needs before it can be set up is not to be had, such as memory or a thread.
[[noreturn]] void fail_early(
  link::channel& to_parent, std::uint32_t generation, const std::exception_ptr& thrown) {
  const auto encoded = start_report(thrown, 0); // its position is not known yet
  link::frame_header header;
  header.kind = link::frame_kind::start_failed;
  header.generation = generation;
  to_parent.try_send(header, detail::view(encoded), {});
  leave(exit_start_failed);
}

[[noreturn]] void await_end(const link::channel& to_parent) {
  pollfd bell{to_parent.bell_fd(), 0, 0}; // only the parent's end is reported
  while (::poll(&bell, 1, -1) < 0 && errno == EINTR) {
  }
  ::_exit(exit_parent_gone);
}

[[noreturn]] void child_main(base::unique_fd control) {
  link::parent_hello hello;
  base::unique_fd fds[5];
  if (!link::wait_readable(control.get()) ||
      link::receive_control(control.get(), &hello, sizeof hello, fds, std::size(fds)) !=
        link::receive_result::message)
    ::_exit(exit_parent_gone);
  control.reset(); // nothing else comes over it
  if (hello.magic != link::link_magic || !fds[2])
    ::_exit(exit_start_failed);
  auto region = std::make_shared<link::shared_region>(std::move(fds[0]), hello.size);
  region->close_fd();
  link::channel to_parent(region, link::channel::side::child, std::move(fds[2]), std::move(fds[1]));
  if (!say_hello(to_parent, hello))
    await_end(to_parent); // the parent compares as well, says why, and ends this
  if (::getppid() != hello.parent_pid)
    ::_exit(exit_parent_gone); // it died before PR_SET_PDEATHSIG was set
  loop_setup setup;
  try {
    if (fds[4])
      redirect_output(std::move(fds[3]), std::move(fds[4]));
    install_crash_handlers(region->header().crash);
    disarm_copies(*region);
    setup = set_up_loop(hello.loop_initializer);
    child_actor_system();
  } catch (...) {
    fail_early(to_parent, hello.generation, std::current_exception());
  }
  child_life self(hello, std::move(to_parent), setup);
  self.run();
  leave(EXIT_SUCCESS);
}

// The control socket that this process inherited under the number in an environment variable; none if
// there is no such variable, or no such socket.
base::unique_fd inherited_socket(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr)
    return {};
  const int fd = std::atoi(value);
  ::unsetenv(variable); // not for the children of this process
  int type = 0;
  socklen_t size = sizeof type;
  if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
    return {};
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::unique_fd(fd);
}

} // namespace

void become_child(base::unique_fd control) noexcept {
  try {
    child_main(std::move(control));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe: a child cannot run: %s\n", e.what());
  }
  leave(exit_start_failed);
}

void become_child_if_asked() {
  if (auto control = inherited_socket(link::link_variable))
    become_child(std::move(control));
  if (auto socket = inherited_socket(link::zygote_variable))
    become_zygote(std::move(socket));
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
