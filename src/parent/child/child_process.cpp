#include "parent/child/child_process.hpp"

#include "base/surely.hpp"
#include "os/memory_shortage.hpp"
#include "os/process_group.hpp"
#include "os/process_state.hpp"
#include "parent/child/exit_status.hpp"
#include "parent/child/module_list.hpp"
#include "parent/child/reports.hpp"
#include "values/error_text.hpp"
#include "values/exception_codec.hpp"
#include "values/not_arrived.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <csignal>
#include <new>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace troupe::parent {

using link::protocol_violation;

namespace {

child_link::streams streams_of(input in, const std::unique_ptr<child_output>& output) {
  child_link::streams result{in, {}};
  if (output)
    result.output = output->child_ends();
  return result;
}

} // namespace

link::child_settings common_settings(
  const std::string& name, const bound_call& initializer, const bound_call& finalizer) {
  link::child_settings settings;
  settings.pool_name = name;
  settings.modules = module_list::of_process().all();
  settings.initializer = link::wire_call::from(initializer);
  settings.finalizer = link::wire_call::from(finalizer);
  return settings;
}

child_process::child_process(loop::event_loop& loop, actors::actor_hub* hub, const listeners& told,
  std::uint32_t seat, std::uint32_t generation, link::link_size size,
  const link::child_settings& settings, input in, std::unique_ptr<child_output> output)
  : loop_(loop)
  , listeners_(told)
  , seat_(seat)
  , output_(std::move(output))
  , link_(loop, *this, generation, size, settings, streams_of(in, output_))
  , tasks_(link_, told.tasks, seat, settings.modules) {
  exit_.slot = settings.position;
  if (output_)
    output_->close_child_ends();
  if (hub != nullptr)
    actors_.emplace(loop_, *hub, static_cast<peer&>(*this),
      [this](std::size_t actors) { listeners_.tasks.child_hosts(seat_, actors); });
}

child_process::~child_process() {
  try {
    end_actors(caf::exit_reason::remote_link_unreachable);
  } catch (const std::bad_alloc&) {
    // There is no memory for the messages that would tell of it.
  }
}

// -- its start ------------------------------------------------------------------------------------------

// What the launcher's thread hands over to the loop's.
struct child_process::launching {
  // Taken out by the loop's thread. The other may be late in dropping this, and must neither destroy the child there nor
  // keep the descriptors of one that is gone.
  std::shared_ptr<child_process> child;
  launch_result result{};

  // On the launcher's thread, which has nobody to tell that there is no memory.
  template <class F>
  static void post(const std::shared_ptr<launching>& from, const F& job) {
    base::surely([&] { boost::asio::post(from->child->loop_.io(), job); });
  }
};

void child_process::launch(launcher& with, const std::shared_ptr<child_process>& self) {
  const auto handed = std::make_shared<launching>(launching{self});
  with.launch(
    link_.take_child_end(),
    [handed](launch_result result) {
      handed->result = std::move(result);
      launching::post(handed, [handed] {
        const auto child = std::move(handed->child);
        child->launched(std::move(handed->result));
      });
    },
    [handed] { launching::post(handed, [handed] { handed->child->begun(); }); });
}

// The launcher may have had others to start before.
void child_process::begun() {
  launched_at_ = std::chrono::system_clock::now();
  if (!down_)
    listeners_.life.child_launching(*this);
}

void child_process::launched(launch_result result) {
  if (result.failure) {
    exit_.reason = "it could not be launched: " + values::message_of(result.failure);
    start_error_ = result.failure;
    exit_.status_known = false;
    gone();
    return;
  }
  os::watch_memory();
  exit_.pid = result.process.pid;
  process_ = std::move(result.process.descriptor);
  life_line_ = os::life_line::to_group_of(exit_.pid);
  tasks_.launched(exit_.pid);
  try {
    exit_watch_ =
      std::make_unique<loop::descriptor_watch>(loop_.io(), process_.get(), [this] { on_exit(); });
    link_.open(); // not before: whatever the child says, it is known which process it is
  } catch (
    const std::exception&) { // the kernel has no room for one more to watch, or there is no memory
    start_error_ = std::current_exception();
    kill("it could not be watched");
    process_.kill_and_reap();
    exit_.signal = SIGKILL;
    gone();
    return;
  }
  if (!exit_.reason.empty()) // it was to end before there was a process
    signal(SIGKILL, exit_.reason);
  listeners_.life.child_launched(*this);
}

void child_process::take_position(std::size_t position) {
  exit_.slot = position;
  if (output_)
    output_->take_position(position);
  link::frame_header header;
  header.kind = link::frame_kind::position;
  header.extra = position;
  link_.send(header, {}, {}, [] { return nullptr; });
}

void child_process::reply(std::uint64_t request, std::uint64_t status,
  std::span<const std::byte> payload, std::shared_ptr<const void> keeper,
  const detail::bytes* with) {
  if (down_)
    return;
  link::frame_header header;
  header.kind = link::frame_kind::reply;
  header.task = request;
  header.extra = status;
  const auto keep = [&] { return std::move(keeper); };
  if (with != nullptr && with->attached(0) != nullptr)
    link_.send_naming(header, *with, payload, keep);
  else
    link_.send(header, {}, payload, keep);
}

detail::bytes child_process::own_copy(std::span<const std::byte> payload) {
  if (auto* const own = link_.own_payload())
    return std::move(*own);
  return peer::own_copy(payload);
}

std::uint64_t child_process::make_for_result(std::size_t least) {
  return link_.make_for_result(least);
}

detail::bytes child_process::make_buffer(std::size_t size) {
  return link_.segments().make_buffer(size);
}

void child_process::signal_actors(link::actor_signal signal, std::span<const std::byte> payload,
  std::shared_ptr<const void> keeper) {
  link::frame_header header;
  header.kind = link::frame_kind::to_actors;
  header.extra = static_cast<std::uint64_t>(signal);
  link_.send(header, {}, payload, [&] { return std::move(keeper); });
}

// -- what it says ---------------------------------------------------------------------------------------

void child_process::on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
  switch (header.kind) {
  case link::frame_kind::value:
  case link::frame_kind::threw:
    return tasks_.on_outcome(header, payload);
  case link::frame_kind::results:
    return tasks_.on_results(header, payload);
  case link::frame_kind::ready:
    return on_ready();
  case link::frame_kind::full:
    if (!ready_)
      throw protocol_violation("unexpected full");
    return listeners_.life.child_full(*this);
  case link::frame_kind::start_failed:
    if (ready_)
      throw protocol_violation("unexpected start_failed");
    start_error_ = detail::decode_exception(payload);
    return;
  case link::frame_kind::from_actors:
    return on_actors(static_cast<link::actor_signal>(header.extra), payload);
  case link::frame_kind::report:
    return hand_over_report(payload, exit_.pid);
  case link::frame_kind::request:
    return listeners_.tasks.child_asked(*this, header, payload);
  case link::frame_kind::withdraw:
    return listeners_.tasks.child_withdrew(seat_, header.task, header.extra != 0);
  case link::frame_kind::let_go:
    return link_.segments().let_go(header.task, header.extra);
  case link::frame_kind::lend:
    return tasks_.on_lend(header);
  case link::frame_kind::reclaim:
    return tasks_.on_reclaim(header);
  case link::frame_kind::hello: // the link has taken it
  case link::frame_kind::setup:
  case link::frame_kind::call:
  case link::frame_kind::position:
  case link::frame_kind::module:
  case link::frame_kind::forget:
  case link::frame_kind::reply:
  case link::frame_kind::to_actors:
    break;
  }
  throw protocol_violation("unknown kind of frame");
}

void child_process::on_ready() {
  if (ready_)
    throw protocol_violation("unexpected ready");
  ready_ = true;
  listeners_.life.child_ready(*this);
}

void child_process::on_actors(link::actor_signal signal, std::span<const std::byte> payload) {
  if (!actors_ || !ready_ || down_)
    throw protocol_violation("unexpected signal of actors");
  actors_->receive(signal, payload);
}

// Normally it has exited, and its status is about to come. If it lives on, it is of no use.
void child_process::on_closed() {
  if (os::is_ending(exit_.pid))
    signal(SIGKILL, exit_.reason);
  else
    signal(SIGKILL, "it has closed its link to this process: does one of its tasks close "
                    "descriptors that are not its own?");
}

// -- its end --------------------------------------------------------------------------------------------

bool child_process::has_exited() const noexcept {
  siginfo_t info{};
  return process_.wait(info, WEXITED | WNOHANG | WNOWAIT) != 0 || // other code has reaped it
         info.si_pid != 0;
}

void child_process::signal(int number, std::string_view reason) {
  if (down_ || (process_ && has_exited()))
    return;
  try {
    if (exit_.reason.empty())
      exit_.reason = reason;
  } catch (const std::bad_alloc&) {
    // It ends without one.
  }
  if (process_)
    os::signal_group(process_, exit_.pid, number);
}

void child_process::kill(std::string_view reason) {
  ended_here_ = true;
  signal(SIGKILL, reason);
}

void child_process::end_actors(const caf::error& reason) {
  if (actors_)
    actors_->end(reason);
}

void child_process::ask_stacks(const std::string& pool, pid_t thread, stack_answer answer) {
  const auto who = "child " + std::to_string(exit_.slot) + " of pool " + pool + " (pid " +
                   std::to_string(exit_.pid) + ")";
  if (!process_ || !ready_ || down_ || has_exited())
    throw error(who + " has no stack to show: it is not ready, or has ended");
  auto request = stack_request_.lock();
  if (!request)
    request = stack_request::start(loop_.io(), link_.shared_region(), exit_.pid, who);
  stack_request_ = request;
  request->add(thread, std::move(answer));
}

std::chrono::microseconds child_process::cpu_time() const {
  return down_ ? std::chrono::microseconds(exit_.cpu_microseconds) : cpu_time_of(exit_.pid);
}

void child_process::on_exit() {
  // A debugger that traces the child hears of its end first; then there is another event.
  if (!has_exited())
    return;
  os::end_group(process_, exit_.pid); // before its pid may become that of another process
  read_exit_status(process_, exit_);
  listeners_.life.child_exited(*this);
  // What it wrote before it died counts. It is dead, so this ends, unless descendants of it write on.
  link_.read_all();
  try {
    read_crash_area(link_.region().header().crash, exit_);
    add_hint(exit_, link_.greeted());
    if (output_) {
      output_->finish();
      exit_.stderr_tail = output_->stderr_tail();
    }
  } catch (const std::bad_alloc&) {
    // Then its end is told without its last words.
  }
  gone();
}

// Whether its program does not come to where children take over. One that was killed from outside might have; one that
// lacked something might come another time.
bool child_process::never_arrived() const noexcept {
  constexpr int not_executed = 127; // as shells and the dynamic loader say it
  if (link_.greeted() || link_.broken() || !exit_.status_known)
    return false;
  return exit_.signal != 0
           ? ended_here_
           : exit_.exit_code != link::exit_before_hello && exit_.exit_code != not_executed;
}

void child_process::note_no_arrival() noexcept {
  try {
    start_error_ = std::make_exception_ptr(values::not_arrived(
      "it " + exit_.describe() +
      " before it had come to troupe::runtime or troupe::child_entry; what stands before these in "
      "main runs in each child as well, and must neither end nor wait there" +
      exit_.last_words()));
  } catch (const std::bad_alloc&) {
    // Then its end is all that is told.
  }
}

void child_process::gone() {
  if (std::exchange(down_, true))
    return;
  if (!start_error_ && never_arrived())
    note_no_arrival();
  link_.close();
  exit_watch_.reset();
  life_line_ = {};
  listeners_.life.child_down(*this); // may destroy this
}

} // namespace troupe::parent
