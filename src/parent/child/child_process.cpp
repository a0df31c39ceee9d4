#include "parent/child/child_process.hpp"

#include "link/request.hpp"
#include "os/image.hpp"
#include "os/process_group.hpp"
#include "parent/child/error_text.hpp"
#include "parent/child/exit_status.hpp"
#include "values/exception_codec.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/eventfd.h>
#include <sys/wait.h>

namespace troupe::parent {

namespace {

base::unique_fd make_eventfd() {
  base::unique_fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd)
    throw std::system_error(errno, std::generic_category(), "eventfd for the link to a child");
  return fd;
}

} // namespace

void child_process::owner::child_asked(
  child_process&, const link::frame_header&, std::span<const std::byte>) {
  throw link::protocol_violation("unexpected request");
}

void child_process::owner::child_withdrew(child_process&, std::uint64_t, bool) {
  throw link::protocol_violation("unexpected request");
}

child_process::child_process(loop::event_loop& loop, actors::actor_hub* hub, owner& told,
  std::uint32_t seat, std::uint32_t generation, link::link_size size,
  const link::child_settings& settings, std::unique_ptr<child_output> output)
  : loop_(loop)
  , owner_(told)
  , seat_(seat)
  , generation_(generation)
  , region_(std::make_shared<link::shared_region>(size))
  , slots_(region_->slots())
  , book_(size.slots)
  , places_(size.slots)
  , output_(std::move(output)) {
  exit_.slot = settings.position;
  own_hello_ = {link::link_magic, generation, os::program_build_id()};
  if (own_hello_.build.length == 0)
    throw std::runtime_error(
      "this program has no build id, by which a child proves that it runs the "
      "same image: link it with -Wl,--build-id");
  auto own_bell = make_eventfd();
  auto child_bell = make_eventfd();
  std::tie(control_, child_control_) = link::make_control_sockets();
  const link::parent_hello hello{
    link::link_magic, size, generation, ::getpid(), own_hello_.build, settings.loop_initializer};
  std::vector<int> fds{region_->fd(), own_bell.get(), child_bell.get()};
  if (output_)
    for (const int end : output_->child_ends())
      fds.push_back(end);
  if (!link::send_control(control_.get(), &hello, sizeof hello, fds.data(), fds.size()))
    throw std::system_error(
      errno, std::generic_category(), "passing the link's descriptors to a child");
  region_->close_fd();
  if (output_)
    output_->close_child_ends();
  channel_ = std::make_unique<link::channel>(
    region_, link::channel::side::parent, std::move(own_bell), std::move(child_bell));

  // The settings lie in the ring before the child exists.
  detail::bytes encoded;
  encoder{encoded}(settings);
  link::frame_header setup;
  setup.kind = link::frame_kind::setup;
  setup.generation = generation_;
  const auto kept = std::make_shared<const detail::bytes>(std::move(encoded));
  channel_->send(setup, {}, detail::view(*kept), [&] { return kept; });
  if (hub != nullptr)
    actors_.emplace(loop_, *hub, *channel_, generation_,
      [this](std::size_t actors) { owner_.child_hosts(*this, actors); });
}

child_process::~child_process() {
  loop_.remove_source(this);
  end_actors(caf::exit_reason::remote_link_unreachable);
}

void child_process::launch(launcher& with, const std::shared_ptr<child_process>& self) {
  loop_.add_source(this);
  bell_watch_ = std::make_unique<loop::descriptor_watch>(
    loop_.io(), channel_->bell_fd(), [this] { channel_->clear_bell(); });
  control_watch_ =
    std::make_unique<loop::descriptor_watch>(loop_.io(), control_.get(), [this] { on_control(); });
  with.launch(std::move(child_control_), [self](launch_result result) {
    auto shared = std::make_shared<launch_result>(std::move(result));
    boost::asio::post(self->loop_.io(), [self, shared] { self->launched(std::move(*shared)); });
  });
}

void child_process::launched(launch_result result) {
  if (result.failure) {
    exit_.reason = "it could not be launched: " + message_of(result.failure);
    start_error_ = result.failure;
    exit_.status_known = false;
    gone();
    return;
  }
  exit_.pid = result.process.pid;
  pidfd_ = std::move(result.process.pidfd);
  try {
    exit_watch_ =
      std::make_unique<loop::descriptor_watch>(loop_.io(), pidfd_.get(), [this] { on_exit(); });
  } catch (const boost::system::system_error&) { // the kernel has no room for one more to watch
    start_error_ = std::current_exception();
    kill("its end could not be watched for");
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
    exit_.signal = SIGKILL;
    gone();
    return;
  }
  if (!exit_.reason.empty()) // it was to end before there was a process
    signal(SIGKILL, exit_.reason);
  owner_.child_launched(*this);
}

void child_process::take_position(std::size_t position) {
  exit_.slot = position;
  if (output_)
    output_->take_position(position);
  link::frame_header header;
  header.kind = link::frame_kind::position;
  header.generation = generation_;
  header.extra = position;
  channel_->send(header, {}, {}, [] { return nullptr; });
}

std::uint32_t child_process::send(
  policy::task_key key, const detail::task_ptr& task, std::uint32_t attempt) {
  const auto slot = book_.take(key, task->code.kind);
  places_[slot] = {task->nesting, false};
  slots_.put(slot, key.id);
  link::frame_header header;
  header.kind = link::frame_kind::call;
  header.generation = generation_;
  header.slot = slot;
  header.task = key.id;
  header.extra = attempt;
  link::call_head head;
  head.thunk_offset = task->code.thunk.offset;
  head.thunk_module = task->code.thunk.module;
  head.target_offset = task->code.target.offset;
  head.target_module = task->code.target.module;
  head.kind = static_cast<std::uint8_t>(task->code.kind);
  if (task->options)
    head.timeout = task->options->timeout.count();
  head.nesting = task->nesting;
  channel_->send(header, std::as_bytes(std::span(&head, 1)), detail::view(task->arguments),
    [&] { return std::make_shared<detail::task_ptr>(task); });
  return slot;
}

bool child_process::take_back(std::uint32_t slot) {
  if (places_[slot].lent || !slots_.revoke(slot, book_.at(slot).id))
    return false;
  slots_.release(slot);
  book_.release(slot);
  return true;
}

std::optional<std::chrono::steady_clock::time_point> child_process::started_at(
  std::uint32_t slot) const {
  if (slots_.is_unstarted(slot, book_.at(slot).id))
    return std::nullopt;
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(slots_.started_at(slot)));
}

void child_process::request_stop(std::uint32_t slot) {
  const auto task = book_.at(slot).id;
  slots_.request_stop(slot, task);
  // If there is no room for it, others are there, which the child will read after this mark was set.
  link::send_control(control_.get(), link::control_message{link::control_kind::stop, 0});
}

tasks_at_death child_process::remaining_tasks() const {
  tasks_at_death result;
  const auto current = region_->header().current.load(std::memory_order_acquire);
  for (std::uint32_t slot = 0; slot < book_.size(); ++slot) {
    const auto key = book_.at(slot);
    if (key.id == 0)
      continue;
    if (!places_[slot].lent && slots_.is_unstarted(slot, key.id)) {
      result.unstarted.push_back(key);
    } else {
      result.started.push_back(key);
      if (current == slot + 1u)
        result.culprit = key;
    }
  }
  const auto by_id = [](policy::task_key a, policy::task_key b) { return a.id < b.id; };
  std::sort(result.unstarted.begin(), result.unstarted.end(), by_id);
  std::sort(result.started.begin(), result.started.end(), by_id);
  return result;
}

void child_process::reply(std::uint64_t request, std::uint64_t status,
  std::span<const std::byte> payload, std::shared_ptr<const void> keeper) {
  if (down_)
    return;
  link::frame_header header;
  header.kind = link::frame_kind::reply;
  header.generation = generation_;
  header.task = request;
  header.extra = status;
  channel_->send(header, {}, payload, [&] { return std::move(keeper); });
}

std::uint32_t child_process::nesting_of(std::uint32_t slot) const {
  if (slot == link::no_slot)
    return 0;
  if (book_.at(slot).id == 0)
    throw link::protocol_violation("a request of a task that the child does not have");
  return places_[slot].nesting;
}

void child_process::drain(int exit_code) {
  link::send_control(control_.get(), link::control_message{link::control_kind::drain, exit_code});
}

void child_process::signal(int number, const std::string& reason) {
  if (exit_.reason.empty())
    exit_.reason = reason;
  if (pidfd_ && !down_)
    os::signal_group(pidfd_, exit_.pid, number);
}

void child_process::kill(const std::string& reason) {
  signal(SIGKILL, reason);
}

std::chrono::microseconds child_process::cpu_time() const {
  return down_ ? std::chrono::microseconds(exit_.cpu_microseconds) : cpu_time_of(exit_.pid);
}

// -- what the child says --------------------------------------------------------------------------------

void child_process::on_control() {
  try {
    link::child_hello hello;
    switch (link::receive_control(control_.get(), &hello, sizeof hello)) {
    case link::receive_result::message:
      check_hello(hello);
      break;
    case link::receive_result::closed:
      control_watch_.reset();
      // Normally it has exited, and its status is about to come. If it lives on, it is of no use.
      kill(exit_.reason);
      break;
    case link::receive_result::nothing:
      break;
    }
  } catch (const link::protocol_violation& violation) {
    broken_ = true;
    kill(std::string("protocol violation: ") + violation.what());
  }
}

void child_process::check_hello(const link::child_hello& hello) {
  if (hello_checked_ || hello.magic != link::link_magic || hello.generation != generation_)
    throw link::protocol_violation("unexpected hello");
  hello_checked_ = true;
  if (hello.build != own_hello_.build)
    kill("its build id is " + to_string(hello.build) + ", the parent's is " +
         to_string(own_hello_.build) + ": the program was replaced while it runs");
}

bool child_process::on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
  if (header.generation != generation_ || header.reserved != 0)
    throw link::protocol_violation("frame of another generation");
  switch (header.kind) {
  case link::frame_kind::value:
  case link::frame_kind::threw:
    on_outcome(header, payload);
    return true;
  case link::frame_kind::ready:
    if (!hello_checked_)
      on_control(); // the hello was sent before, but the ring may be looked at first
    if (ready_ || !hello_checked_)
      throw link::protocol_violation("unexpected ready");
    ready_ = true;
    owner_.child_ready(*this);
    return true;
  case link::frame_kind::start_failed:
    if (ready_)
      throw link::protocol_violation("unexpected start_failed");
    start_error_ = detail::decode_exception(payload);
    return true;
  case link::frame_kind::from_actors:
    on_actors(static_cast<link::actor_signal>(header.extra), payload);
    return true;
  case link::frame_kind::request:
    if (!hello_checked_)
      on_control(); // an initializer asks
    owner_.child_asked(*this, header, payload);
    return true;
  case link::frame_kind::withdraw:
    owner_.child_withdrew(*this, header.task, header.extra != 0);
    return true;
  case link::frame_kind::lend:
    on_lend(header);
    return true;
  case link::frame_kind::reclaim:
    on_reclaim(header);
    return true;
  case link::frame_kind::setup:
  case link::frame_kind::call:
  case link::frame_kind::position:
  case link::frame_kind::reply:
  case link::frame_kind::to_actors:
    break;
  }
  throw link::protocol_violation("unknown kind of frame");
}

void child_process::on_outcome(
  const link::frame_header& header, std::span<const std::byte> payload) {
  const auto key = book_.at(header.slot);
  if (key.id == 0 || key.id != header.task)
    throw link::protocol_violation("outcome of a task that the child does not have");
  if (places_[header.slot].lent)
    throw link::protocol_violation("outcome of a task that has lent its place");
  const auto kind = book_.kind_at(header.slot);
  slots_.release(header.slot);
  book_.release(header.slot);
  const auto longest =
    static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::hours(24)).count());
  owner_.child_outcome_came(
    *this, {key, kind, header.kind == link::frame_kind::threw, payload,
             std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(header.extra, longest)))});
}

void child_process::on_actors(link::actor_signal signal, std::span<const std::byte> payload) {
  if (!actors_ || !ready_ || down_)
    throw link::protocol_violation("unexpected signal of actors");
  actors_->receive(signal, payload);
}

void child_process::end_actors(const caf::error& reason) {
  if (actors_)
    actors_->end(reason);
}

// A task that lends its place has been started, whatever the slot table says later.
void child_process::on_lend(const link::frame_header& header) {
  const auto key = book_.at(header.slot);
  if (key.id == 0 || key.id != header.task || places_[header.slot].lent ||
      slots_.is_unstarted(header.slot, key.id))
    throw link::protocol_violation("a place is lent that the child's tasks do not have");
  if (lent_ >= limits::max_lent_tasks)
    throw link::protocol_violation("too many places are lent");
  auto& place = places_[header.slot];
  place.lent = true;
  ++lent_;
  owner_.child_lent(*this, {key, book_.kind_at(header.slot), place.nesting, header.extra});
}

void child_process::on_reclaim(const link::frame_header& header) {
  const auto key = book_.at(header.slot);
  if (key.id == 0 || key.id != header.task || !places_[header.slot].lent)
    throw link::protocol_violation("a place is reclaimed that was not lent");
  auto& place = places_[header.slot];
  place.lent = false;
  --lent_;
  owner_.child_reclaimed(*this, {key, book_.kind_at(header.slot), place.nesting, 0});
}

bool child_process::receive() {
  if (broken_)
    return false;
  try {
    const bool received = channel_->receive(
      [this](const auto& header, auto payload) { return on_frame(header, payload); });
    if (received)
      owner_.child_batch_ended(*this);
    return received;
  } catch (const link::protocol_violation& violation) {
    broken_ = true;
    kill(std::string("protocol violation: ") + violation.what());
    return true;
  }
}

bool child_process::poll() {
  bool worked = receive();
  if (!down_)
    worked |= channel_->flush_outbox();
  return worked;
}

void child_process::flush() {
  channel_->ring_peer();
}

bool child_process::prepare_sleep() {
  return channel_->prepare_sleep() || broken_;
}

void child_process::awake() {
  channel_->awake();
}

// -- its end --------------------------------------------------------------------------------------------

void child_process::on_exit() {
  os::end_group(pidfd_, exit_.pid); // before its pid may become that of another process
  read_exit_status(pidfd_, exit_);
  owner_.child_exited(*this);
  // What it wrote before it died counts. It is dead, so this ends, unless descendants of it write on;
  // they get as much as a ring holds.
  const std::size_t most_batches =
    region_->ring_bytes() / sizeof(link::frame_header) / limits::frames_per_turn + 1;
  for (std::size_t i = 0; i < most_batches && receive(); ++i) {
  }
  read_crash_area(region_->header().crash, exit_);
  if (output_) {
    output_->finish();
    exit_.stderr_tail = output_->stderr_tail();
  }
  gone();
}

void child_process::gone() {
  if (std::exchange(down_, true))
    return;
  loop_.remove_source(this);
  exit_watch_.reset();
  control_watch_.reset();
  bell_watch_.reset();
  owner_.child_down(*this); // may destroy this
}

} // namespace troupe::parent
