#include "child/runtime/child_life.hpp"

#include "caf/late_actor_system.hpp"
#include "child/asking/parent_handles.hpp"
#include "child/asking/segment_requests.hpp"
#include "child/runtime/apply_limits.hpp"
#include "child/runtime/exits.hpp"
#include "child/runtime/guard.hpp"
#include "child/runtime/run_call.hpp"
#include "child/runtime/settle_in.hpp"
#include "child/runtime/surroundings.hpp"
#include "child/tasks/describe_exception.hpp"
#include "os/process_setup.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace troupe::child {

namespace {

struct too_large_for_memory : std::bad_alloc {
  const char* what() const noexcept override {
    return "the arguments of the task do not fit into the memory of its child: pass them in parts, "
           "or the name of a file, or raise limits.address_space";
  }
};

} // namespace

child_life::child_life(const link::parent_hello& hello, link::channel to_parent,
  base::unique_fd control, const loop_setup& setup, bool executed)
  : parent_(hello.parent_pid)
  , executed_(executed)
  , setup_(setup)
  , system_(compat::late_actor_system())
  , loop_(system_, setup_.options.concurrency_hint)
  , link_(
      loop_, std::move(to_parent), std::move(control), hello.generation,
      [this](const auto& header, auto payload) { on_frame(header, payload); },
      [this] { hand_over(); }, [this] { return work(); })
  , requests_(link_)
  , waits_(loop_, link_, requests_, worker_)
  , stops_(link_.region().cells(), link_.wanted())
  , actors_(system_, loop_, link_) {
  connect_handles(requests_, waits_);
  connect_segments(link_, requests_, waits_);
}

bool child_life::work() {
  follow_wishes();
  const bool called = requests_.run_posted();
  if (worker_ == nullptr)
    return called;
  const bool worked = worker_->work();
  watch_memory();
  return worked || called;
}

void child_life::on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
  const bool lost = (header.flags & link::payload_lost) != 0;
  if (header.kind == link::frame_kind::setup && worker_ == nullptr && !lost)
    set_up(payload);
  else if (header.kind == link::frame_kind::call && worker_ != nullptr)
    accept(header, payload);
  else if (header.kind == link::frame_kind::position && worker_ != nullptr)
    take_position(static_cast<std::size_t>(header.extra));
  else if (header.kind == link::frame_kind::module && !lost)
    modules_.take(decoder(payload).make<link::module_notice>());
  else if (header.kind == link::frame_kind::to_actors && !lost)
    receive_for_actors(header, payload);
  else if (header.kind == link::frame_kind::forget)
    link_.segments().forget(header.task);
  else if (header.kind == link::frame_kind::reply &&
           requests_.on_reply(header, payload, link_.arrived()))
    return; // also one whose payload is lost
  else
    leave(exit_protocol);
}

void child_life::receive_for_actors(
  const link::frame_header& header, std::span<const std::byte> payload) {
  try {
    actors_.receive(static_cast<link::actor_signal>(header.extra), payload);
  } catch (const link::protocol_violation& violation) {
    std::fprintf(stderr, "troupe: pool %s: a message for an actor in child %llu is wrong: %s\n",
      settings_.pool_name.c_str(), static_cast<unsigned long long>(settings_.position),
      violation.what());
    leave(exit_protocol);
  }
}

// -- its start ------------------------------------------------------------------------------------------

void child_life::set_up(std::span<const std::byte> payload) {
  decoder in(payload);
  settings_ = in.make<link::child_settings>();
  ::pthread_setname_np(::pthread_self(), settings_.pool_name.substr(0, 15).c_str());
  loop_.set_spin_maximum(std::chrono::nanoseconds(settings_.spin_nanoseconds));
  set_surroundings(loop_.io().get_executor(), settings_.position);
  if (setup_.thrown)
    fail_start(setup_.thrown);
  try {
    apply_limits(settings_.limits);
    settle_in(settings_.place);
    guard(settings_.guard);
  } catch (...) {
    fail_start(std::current_exception());
  }
  for (auto& notice : settings_.modules)
    modules_.take(std::move(notice));
  if (const auto thrown = run(settings_.initializer))
    fail_start(thrown);
  // An initializer that gave up its user's rights has taken this away; one that forbids system calls may not allow it,
  // and then the one that was set before stands.
  static_cast<void>(os::die_with_parent());
  if (::getppid() != parent_)
    ::_exit(exit_parent_gone);
  try {
    memory_ = memory_watch(settings_.most_memory);
    memory_.check_start();
    spawn_worker();
  } catch (...) {
    fail_start(std::current_exception());
  }
  link::frame_header ready;
  ready.kind = link::frame_kind::ready;
  link_.send(ready, {});
}

void child_life::take_position(std::size_t position) {
  settings_.position = position;
  move_to(position);
  worker_->take_position(position);
}

void child_life::spawn_worker() {
  worker_actor::settings options;
  options.position = settings_.position;
  options.concurrency = settings_.concurrency;
  options.blocking_threads =
    setup_.options.blocking_threads != 0 ? setup_.options.blocking_threads : settings_.concurrency;
  options.exception_handler = reinterpret_cast<void (*)(std::exception_ptr)>(
    detail::function_at(settings_.exception_handler));
  worker_handle_ = system_.spawn<worker_actor>(loop_, link_, requests_, stops_, options);
  worker_ = static_cast<worker_actor*>(caf::actor_cast<caf::abstract_actor*>(worker_handle_));
}

std::exception_ptr child_life::run(const link::wire_call& call) {
  const nested_wait::allowance may_wait(waits_);
  return run_call(call, modules_);
}

void child_life::fail_start(const std::exception_ptr& thrown) {
  auto encoded = start_report(thrown, settings_.position);
  link::frame_header header;
  header.kind = link::frame_kind::start_failed;
  // The parent reads it from the shared memory after this process has ended.
  link_.send(header, std::move(encoded));
  leave(exit_start_failed);
}

// -- its tasks ------------------------------------------------------------------------------------------

// A task that cannot be taken in is that task's failure.
void child_life::accept(const link::frame_header& header, std::span<const std::byte> payload) {
  if (header.cell >= link_.region().cell_count())
    leave(exit_protocol);
  accepted_call call;
  call.task = header.task;
  call.delivery = taken_in_ + 1;
  call.cell = header.cell;
  call.attempt = static_cast<std::uint32_t>(header.extra);
  call.items = header.items;
  try {
    take_in(call, header, payload);
    if (!accepted_ || accepted_.use_count() > 1) // the worker has not seen those yet
      accepted_ = std::make_shared<std::vector<accepted_call>>();
    accepted_->push_back(std::move(call));
  } catch (...) {
    call.arguments = {};
    worker_->refuse(call, std::current_exception());
  }
  link_.region().header().taken_in.store(++taken_in_, std::memory_order_release);
}

void child_life::hand_over() {
  if (!accepted_ || accepted_->empty() || accepted_.use_count() > 1)
    return;
  try {
    caf::anon_send(worker_handle_, accepted_calls{accepted_});
  } catch (...) { // no memory for the message
    for (const auto& call : *accepted_)
      worker_->refuse(call, std::current_exception());
    accepted_->clear();
  }
}

void child_life::take_in(
  accepted_call& call, const link::frame_header& header, std::span<const std::byte> payload) {
  link::call_head head;
  if ((header.flags & link::payload_lost) != 0 ||
      (link_.arrived() != nullptr && link_.arrived()->lacks_memory))
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
  if (call.thunk == nullptr)
    throw std::logic_error(modules_.why_missing(code.thunk));
  if (code.target != code_location{} && call.target == nullptr)
    throw std::logic_error(modules_.why_missing(code.target));
  try {
    if (auto* const arrived = link_.arrived())
      call.arguments = arrived->join(payload.subspan(sizeof head), true);
    else
      call.arguments.assign(payload.subspan(sizeof head));
  } catch (const std::bad_alloc&) {
    throw too_large_for_memory();
  }
}

// -- its end --------------------------------------------------------------------------------------------

// What the parent wants lies in shared memory; a look at it costs one cache line a turn.
void child_life::follow_wishes() {
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

void child_life::watch_memory() {
  if (!memory_.is_exceeded(worker_->ended()))
    return;
  link::frame_header header;
  header.kind = link::frame_kind::full;
  link_.send(header, {});
}

void child_life::drain(int exit_code) {
  requests_.run_posted();
  const auto thrown = run(settings_.finalizer);
  if (thrown)
    std::fprintf(stderr, "troupe: %s: the finalizer of child %llu threw: %s\n",
      settings_.pool_name.c_str(), static_cast<unsigned long long>(settings_.position),
      describe_exception(thrown).what.c_str());
  leave_in_order(thrown ? EXIT_FAILURE : exit_code, executed_);
}

} // namespace troupe::child
