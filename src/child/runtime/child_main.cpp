#include "child/runtime/child_main.hpp"

#include "base/limits.hpp"
#include "caf/late_actor_system.hpp"
#include "child/runtime/child_life.hpp"
#include "child/runtime/copies.hpp"
#include "child/runtime/crash_report.hpp"
#include "child/runtime/exits.hpp"
#include "child/runtime/inheritance.hpp"
#include "child/runtime/loop_setup.hpp"
#include "child/runtime/stack_report.hpp"
#include "child/runtime/standard_streams.hpp"
#include "child/tasks/describe_exception.hpp"
#include "child/zygote/zygote_main.hpp"
#include "link/control_socket.hpp"
#include "os/image.hpp"
#include "os/memory_shortage.hpp"
#include "os/process_setup.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

#include <malloc.h>
#include <poll.h>
#include <unistd.h>

namespace troupe::child {

namespace {

// False: this is another program than the parent's. Otherwise the bell is not rung: the parent reads this before what the
// child says next, or before it judges the child's end.
bool say_hello(link::channel& to_parent, const link::parent_hello& hello) {
  const link::child_hello answer{link::link_magic, hello.generation, os::image_build_id()};
  link::frame_header header;
  header.kind = link::frame_kind::hello;
  header.generation = hello.generation;
  if (!to_parent.try_send(header, std::as_bytes(std::span(&answer, 1)), {}))
    return false;
  if (hello.build == answer.build)
    return true;
  to_parent.ring_peer();
  return false;
}

// Something that the child needs before it can be set up is not to be had, such as memory or a thread.
[[noreturn]] void fail_early(
  link::channel& to_parent, std::uint32_t generation, const std::exception_ptr& thrown) {
  const auto encoded = start_report(thrown);
  link::frame_header header;
  header.kind = link::frame_kind::start_failed;
  header.generation = generation;
  to_parent.try_send(header, detail::view(encoded), {});
  leave(exit_start_failed);
}

// Memory that was never touched costs many times what it costs to copy into: what one task has freed is for the next
// one.
void keep_freed_memory() noexcept {
  constexpr auto most = static_cast<int>(limits::kept_heap_bytes);
  ::mallopt(M_MMAP_THRESHOLD, most);
  ::mallopt(M_TRIM_THRESHOLD, most);
}

[[noreturn]] void await_end(const link::channel& to_parent) {
  pollfd bell{to_parent.bell_fd(), 0, 0}; // only the parent's end is reported
  while (::poll(&bell, 1, -1) < 0 && errno == EINTR) {
  }
  ::_exit(exit_parent_gone);
}

[[noreturn]] void child_main(base::unique_fd control, bool executed) {
  link::parent_hello hello;
  base::unique_fd fds[6];
  if (!link::wait_readable(control.get()) ||
      link::receive_control(control.get(), &hello, sizeof hello, fds, std::size(fds)) !=
        link::receive_result::message)
    ::_exit(exit_parent_gone);
  if (hello.magic != link::link_magic || !fds[2])
    ::_exit(link::exit_before_hello);
  // A program that changes its user when it is executed has lost its death signal. And one that forked in `main` before
  // it came here, as `daemon` does, is not the parent's child.
  if (!os::die_with_parent() || ::getppid() != hello.parent_pid)
    ::_exit(exit_parent_gone);
  auto region = std::make_shared<link::shared_region>(std::move(fds[0]), hello.size);
  region->close_fd();
  link::channel to_parent(region, link::channel::side::child, std::move(fds[2]), std::move(fds[1]));
  if (!say_hello(to_parent, hello))
    await_end(to_parent); // the parent compares as well, says why, and ends this
  loop_setup setup;
  try {
    auto* next = fds + 3;
    const auto in = hello.passes_input ? std::move(*next++) : base::unique_fd();
    redirect_streams(in, next[0], next[1]);
    for (auto& passed : fds)
      passed.reset();
    install_crash_handlers(region->header().crash);
    install_stack_handler(region->header().stacks);
    disarm_copies(*region);
    setup = set_up_loop(hello.loop_initializer);
    compat::late_actor_system();
  } catch (...) {
    fail_early(to_parent, hello.generation, std::current_exception());
  }
  child_life self(hello, std::move(to_parent), std::move(control), setup, executed);
  self.run();
  leave_in_order(EXIT_SUCCESS, executed);
}

} // namespace

void become_child(base::unique_fd control, bool executed) noexcept {
  keep_freed_memory();
  if (executed) // else its zygote has done so
    os::offer_to_be_killed();
  try {
    child_main(std::move(control), executed);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe: a child cannot run: %s\n", e.what());
  }
  leave(link::exit_before_hello);
}

void become_child_if_asked() {
  if (auto control = take_link())
    become_child(std::move(control), true);
  if (auto socket = take_zygote_socket())
    become_zygote(std::move(socket));
}

} // namespace troupe::child
