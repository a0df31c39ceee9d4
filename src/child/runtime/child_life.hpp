#pragma once

#include "caf/caf_compat.hpp"
#include "child/asking/nested_wait.hpp"
#include "child/asking/requests.hpp"
#include "child/runtime/actor_host.hpp"
#include "child/runtime/known_modules.hpp"
#include "child/runtime/loop_setup.hpp"
#include "child/runtime/memory_watch.hpp"
#include "child/runtime/parent_link.hpp"
#include "child/tasks/stop_requests.hpp"
#include "child/tasks/worker_actor.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "loop/event_loop.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include <sys/types.h>

namespace troupe::child {

/// A child from its handshake to its end: takes what the parent sends, and hands it to whom it concerns.
/// Everything happens on the loop's thread, the main thread.
class child_life {
public:
  /// `executed`: as a program, not forked by a zygote.
  child_life(const link::parent_hello& hello, link::channel to_parent, base::unique_fd control,
    const loop_setup& setup, bool executed);
  child_life(const child_life&) = delete;

  void run() { loop_.run(); }

private:
  bool work();
  void on_frame(const link::frame_header& header, std::span<const std::byte> payload);
  void receive_for_actors(const link::frame_header& header, std::span<const std::byte> payload);

  void set_up(std::span<const std::byte> payload);
  void take_position(std::size_t position);
  void spawn_worker();
  // Initializer and finalizer: they may ask the parent, as a plain function may.
  std::exception_ptr run(const link::wire_call& call);
  [[noreturn]] void fail_start(const std::exception_ptr& thrown);

  void accept(const link::frame_header& header, std::span<const std::byte> payload);
  // Sends the worker what has been accepted.
  void hand_over();
  void take_in(
    accepted_call& call, const link::frame_header& header, std::span<const std::byte> payload);

  void follow_wishes();
  void watch_memory();
  [[noreturn]] void drain(int exit_code);

  const pid_t parent_;
  const bool executed_;
  const loop_setup setup_;
  caf::actor_system& system_;
  loop::event_loop loop_;
  link::child_settings settings_;
  known_modules modules_;
  caf::actor worker_handle_;
  worker_actor* worker_ = nullptr; // owned by worker_handle_
  memory_watch memory_;
  std::uint64_t taken_in_ = 0; // the number of tasks
  std::shared_ptr<std::vector<accepted_call>>
    accepted_; // shared with the message to the worker, and used again
  parent_link link_;
  requests requests_;
  nested_wait waits_;
  stop_requests stops_;
  actor_host actors_;
};

} // namespace troupe::child
