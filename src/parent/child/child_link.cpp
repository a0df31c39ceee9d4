#include "parent/child/child_link.hpp"

#include "base/limits.hpp"
#include "os/image.hpp"

#include <troupe/detail/promise.hpp>

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace troupe::parent {

child_link::child_link(loop::event_loop& loop, listener& told, std::uint32_t generation,
  link::link_size size, const link::child_settings& settings, const streams& its_streams)
  : loop_(loop)
  , listener_(told)
  , generation_(generation)
  , region_(std::make_shared<link::shared_region>(size))
  , control_(link::make_control_sockets())
  , segments_(control_.first.get(), region_)
  , idle_timer_(loop.io()) {
  own_hello_ = {link::link_magic, generation, os::image_build_id()};
  if (own_hello_.build.length == 0)
    throw std::runtime_error(
      "this program has no build id, by which a child proves that it runs the "
      "same image: link it with -Wl,--build-id");
  auto own_bell = link::make_bell();
  auto child_bell = link::make_bell();
  // Nothing that the child sends is ever received, and so nothing closed here that it passes.
  const int control = control_.first.get();
  ::shutdown(control, SHUT_RD);
  const link::parent_hello hello{link::link_magic, size, generation, ::getpid(), own_hello_.build,
    settings.loop_initializer, its_streams.in == input::inherit};
  std::vector<int> fds{region_->fd(), own_bell.write.get(), child_bell.read.get()};
  if (hello.passes_input)
    fds.push_back(STDIN_FILENO);
  if (its_streams.output)
    fds.insert(fds.end(), its_streams.output->begin(), its_streams.output->end());
  if (!link::send_control(control, hello, fds.data(), fds.size()))
    throw std::system_error(
      errno, std::generic_category(), "passing the link's descriptors to a child");
  child_bell_ = std::move(child_bell.read);
  region_->close_fd();
  channel_ = std::make_unique<link::channel>(
    region_, link::channel::side::parent, std::move(own_bell.read), std::move(child_bell.write));

  // The settings lie in the ring before the child exists.
  detail::bytes encoded;
  encoder{encoded}(settings);
  link::frame_header setup;
  setup.kind = link::frame_kind::setup;
  auto kept = std::make_shared<const detail::bytes>(std::move(encoded));
  send(setup, {}, detail::view(*kept), [&] { return std::move(kept); });
}

child_link::~child_link() {
  close();
}

void child_link::open() {
  open_ = true;
  loop_.add_source(this);
  bell_watch_ = std::make_unique<loop::descriptor_watch>(
    loop_.io(), channel_->bell_fd(), [this] { on_bell(); });
}

void child_link::close() {
  loop_.remove_source(this);
  bell_watch_.reset();
  idle_timer_.cancel();
}

void child_link::announce() {
  loop_.attend(*this);
  channel_->announce();
}

void child_link::drain(int exit_code) {
  region_->header().wanted.request_drain(exit_code);
  announce();
}

void child_link::send_forget(std::uint64_t segment) {
  link::frame_header header;
  header.kind = link::frame_kind::forget;
  header.task = segment;
  send(header, {}, {}, [] { return nullptr; });
}

std::uint64_t child_link::make_for_result(std::size_t least) {
  watch_idle_segments();
  if (const auto number = segments_.make_for_result(least))
    return number;
  // Those that the child does not use at present are too small for it.
  for (const auto segment : segments_.give_up_results())
    send_forget(segment);
  return segments_.make_for_result(least);
}

// Only while there is something to give back: an idle parent sets no timer.
void child_link::watch_idle_segments() {
  if (idle_timer_runs_ || !open_)
    return;
  idle_timer_.expires_after(limits::segment_idle_time);
  idle_timer_.async_wait(
    [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
      if (!error && !alive.expired())
        give_back_idle_segments();
    });
  idle_timer_runs_ = true;
}

void child_link::give_back_idle_segments() noexcept {
  idle_timer_runs_ = false;
  try {
    for (const auto segment :
      segments_.trim(std::chrono::steady_clock::now() - limits::segment_idle_time))
      send_forget(segment);
    channel_->ring_peer();
    if (segments_.has_idle())
      watch_idle_segments();
  } catch (const std::bad_alloc&) {
    // Then they are given back when the child ends.
  }
}

void child_link::request_stop(std::uint32_t cell) {
  region_->stop_marks().set(cell);
  region_->header().wanted.announce_stop();
  announce();
}

// -- what the child says --------------------------------------------------------------------------------

void child_link::break_link(const std::string& why) {
  broken_ = true;
  listener_.on_broken(why);
}

void child_link::on_bell() {
  loop_.attend(*this);
  if (channel_->clear_bell())
    return;
  bell_watch_.reset();
  listener_.on_closed();
}

void child_link::check_hello(const link::frame_header& header, std::span<const std::byte> payload) {
  link::child_hello hello;
  if (header.kind != link::frame_kind::hello || payload.size() != sizeof hello)
    throw link::protocol_violation("a frame before the hello");
  std::memcpy(&hello, payload.data(), sizeof hello);
  if (hello.magic != link::link_magic || hello.generation != generation_)
    throw link::protocol_violation("unexpected hello");
  hello_checked_ = true;
  if (hello.build != own_hello_.build)
    break_link("its build id is " + to_string(hello.build) + ", the parent's is " +
               to_string(own_hello_.build) + ": the program was replaced while it runs");
}

void child_link::on_frame(const link::frame_header& header, std::span<const std::byte> payload) {
  if (header.generation != generation_ || header.items != 0)
    throw link::protocol_violation("frame of another generation");
  if (!hello_checked_)
    check_hello(header, payload);
  else if ((header.flags & link::names_segments) != 0)
    hand_over(header, payload);
  else
    listener_.on_frame(header, payload);
}

// A result is not looked at before it is decoded, which reads each byte once: it stays where it is. Everything else
// is copied first, since the child may write into its segments at any time.
void child_link::hand_over(const link::frame_header& header, std::span<const std::byte> payload) {
  std::span<const std::byte> rest;
  auto blocks = segments_.unpack(payload, rest);
  auto own = blocks.join(rest, header.kind == link::frame_kind::value);
  own_payload_ = &own;
  try {
    listener_.on_frame(header, detail::view(own));
  } catch (...) {
    own_payload_ = nullptr;
    throw;
  }
  own_payload_ = nullptr;
}

bool child_link::receive() {
  if (broken_ || !open_)
    return false;
  loop_.attend(*this);              // the child may wait for the room that this makes
  const detail::held_wake_ups held; // first what the child is to do next is sent
  try {
    const bool received = channel_->receive([this](const auto& header, auto payload) {
      on_frame(header, payload);
      return !broken_;
    });
    if (received)
      listener_.on_batch_end();
    return received;
  } catch (const link::protocol_violation& violation) {
    break_link(std::string("protocol violation: ") + violation.what());
  } catch (const std::exception& e) { // std::bad_alloc, most likely
    break_link(std::string("a message of it cannot be taken in: ") + e.what());
  }
  return true;
}

void child_link::read_all() {
  // A child that goes on writing gets as much read as a ring holds.
  const std::size_t most_batches =
    region_->ring_bytes() / sizeof(link::frame_header) / limits::frames_per_turn + 1;
  for (std::size_t i = 0; i < most_batches && receive(); ++i) {
  }
}

bool child_link::poll() {
  const bool received = receive();
  segments_.flush();
  return channel_->flush_outbox() || received;
}

void child_link::flush() {
  channel_->ring_peer();
}

bool child_link::prepare_sleep() {
  return channel_->prepare_sleep() || broken_;
}

void child_link::awake() {
  channel_->awake();
}

} // namespace troupe::parent
