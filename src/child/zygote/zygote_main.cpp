#include "child/zygote/zygote_main.hpp"

#include "base/limits.hpp"
#include "child/runtime/child_main.hpp"
#include "child/runtime/exits.hpp"
#include "child/runtime/inheritance.hpp"
#include "child/runtime/run_call.hpp"
#include "child/runtime/standard_streams.hpp"
#include "child/tasks/describe_exception.hpp"
#include "child/zygote/clone_sibling.hpp"
#include "child/zygote/warm_up.hpp"
#include "link/birth_record.hpp"
#include "link/memory_file.hpp"
#include "link/zygote_protocol.hpp"
#include "os/image.hpp"
#include "os/memory_shortage.hpp"
#include "os/process_setup.hpp"
#include "os/thread_count.hpp"
#include "values/exception_codec.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// Siblings begin with the same memory, so also with the same state of the C library's generators.
void seed_generators() noexcept {
  unsigned seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
    seed = static_cast<unsigned>(::getpid());
  ::srandom(seed); // that of rand as well
  ::srand48(static_cast<long>(seed));
}

/// A zygote, seen from inside, from its greeting to its end.
class fork_server {
public:
  explicit fork_server(base::unique_fd socket)
    : socket_(std::move(socket)) {
    base::unique_fd fds[2];
    if (!link::wait_readable(socket_.get()) ||
        link::receive_control(socket_.get(), &hello_, sizeof hello_, fds, 2) !=
          link::receive_result::message ||
        hello_.magic != link::link_magic || !fds[1])
      ::_exit(exit_protocol);
    if (::getppid() != hello_.runtime_pid)
      ::_exit(exit_parent_gone); // it died before PR_SET_PDEATHSIG was set
    if (hello_.bound_now)
      ::unsetenv(link::bind_now_variable);
    births_.emplace(std::move(fds[0]));
    preload_ = std::move(fds[1]);
  }

  [[noreturn]] void run() {
    if (hello_.build != os::image_build_id()) {
      answer({link::zygote_status::other_image, 0});
      leave(exit_start_failed);
    }
    if (const auto thrown = preload())
      refuse(thrown);
    answer({link::zygote_status::ready, 0});
    for (;;)
      serve();
  }

private:
  // What one of the preload calls threw, or null.
  std::exception_ptr preload() {
    try {
      const auto encoded = link::read_memory_file(preload_, limits::max_message_bytes);
      preload_.reset();
      decoder in(encoded);
      const auto calls = in.make<std::vector<link::wire_call>>();
      for (const auto& call : calls)
        if (auto thrown = run_call(call))
          return thrown;
      if (const auto threads = os::settled_thread_count(); threads > 1)
        throw std::logic_error(
          "the preload calls have left threads running (" + std::to_string(threads - 1) +
          "), and a process with threads cannot be forked: start them in a pool's initializer");
      warm_up();
      os::reset_signals(); // what a preload call has set is not for the children
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  [[noreturn]] void refuse(const std::exception_ptr& thrown) {
    const auto encoded = start_report(thrown);
    const auto file = link::make_memory_file(detail::view(encoded));
    const link::zygote_answer told{link::zygote_status::preload_failed, 0};
    const int fd = file.get();
    link::send_control(socket_.get(), told, &fd, 1);
    leave(exit_start_failed);
  }

  void serve() {
    link::zygote_request request;
    base::unique_fd control;
    if (!link::wait_readable(socket_.get()) ||
        link::receive_control(socket_.get(), &request, sizeof request, &control, 1) !=
          link::receive_result::message ||
        !control)
      leave(EXIT_SUCCESS); // the runtime has ended
    flush_output();        // what is buffered would be written again by each child
    const pid_t pid = clone_sibling(*births_->place());
    if (pid == 0)
      begin_child(std::move(control));
    if (pid < 0)
      answer({link::zygote_status::not_forked, errno});
    else
      answer({link::zygote_status::forked, 0});
  }

  [[noreturn]] static void begin_child(base::unique_fd control) {
    if (!os::set_up_fork() || !os::close_descriptors_but(control.get()))
      ::_exit(link::exit_before_hello);
    ::pthread_setname_np(::pthread_self(), "troupe-child"); // until it knows its pool
    seed_generators();
    become_child(std::move(control), false);
  }

  void answer(link::zygote_answer told) { link::send_control(socket_.get(), told); }

  base::unique_fd socket_;
  link::zygote_hello hello_;
  base::unique_fd preload_;
  std::optional<link::birth_record> births_;
};

} // namespace

void become_zygote(base::unique_fd socket) noexcept {
  try {
    ::pthread_setname_np(::pthread_self(), "troupe-zygote");
    note_started_by_runtime();
    os::offer_to_be_killed();
    forget_input(); // of the runtime's process, if this was forked from it
    os::reset_signals();
    if (os::set_up_fork() && os::close_descriptors_but(socket.get()))
      fork_server(std::move(socket)).run();
    std::perror("troupe: a zygote cannot run");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe: a zygote cannot run: %s\n", e.what());
  }
  leave(exit_start_failed);
}

} // namespace troupe::child
