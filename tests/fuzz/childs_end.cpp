#include "fuzz/childs_end.hpp"

#include "child/runtime/child_life.hpp"
#include "child/runtime/exits.hpp"
#include "fuzz/script_link.hpp"
#include "link/bell.hpp"
#include "link/channel.hpp"
#include "link/child_settings.hpp"
#include "link/control_socket.hpp"
#include "link/segment.hpp"
#include "link/segment_list.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::fuzz {

using link::frame_header;
using link::frame_kind;

namespace {

constexpr int told_to_leave =
  7; // the exit code with which a child leaves that has taken everything
constexpr auto patience = std::chrono::seconds(30);

std::vector<std::byte> plain_settings() {
  link::child_settings settings;
  settings.pool_name = "fuzz";
  detail::bytes encoded;
  encoder{encoded}(settings);
  return bytes_of(encoded);
}

// One child and its link.
class child_session {
public:
  // `last_words`: memory that the child shares, for what leaves its loop.
  explicit child_session(std::span<char> last_words)
    : last_words_(last_words) {}
  child_session(const child_session&) = delete;

  void write(const step& one) {
    if (one.what == step::act::put && one.header.cell < script_link.cells)
      region_->cells().put(one.header.cell, ++deliveries_);
    if (one.what != step::act::write)
      return;
    auto frame = one.header;
    frame.length = one.length.value_or(static_cast<std::uint32_t>(one.payload.size()));
    const auto size = std::min<std::size_t>(one.payload.size(), script_ring_bytes - sizeof frame);
    auto* const at = region_->to_child_data() + head_ % script_ring_bytes;
    std::memcpy(at, &frame, sizeof frame);
    if (size > 0)
      std::memcpy(at + sizeof frame, one.payload.data(), size);
    head_ += one.publish ? static_cast<std::uint64_t>(*one.publish)
                         : sizeof frame + link::align8(one.payload.size());
    region_->header().to_child.head.store(head_);
  }

  void set_up() {
    step setup;
    setup.header.kind = frame_kind::setup;
    setup.payload = plain_settings();
    write(setup);
  }

  // A segment for arguments, of which the child is told.
  std::uint64_t tell_of_argument() {
    argument_ = link::segment::make(4096, link::segment::writers::maker, false, nullptr);
    link::segment_notice notice;
    notice.use = link::segment_use::argument;
    notice.number = argument_->number();
    notice.size = argument_->capacity();
    const int fd = argument_->fd();
    if (!link::send_control(control_.first.get(), notice, &fd, 1))
      throw std::runtime_error("a child cannot be told of a segment");
    return notice.number;
  }

  std::string run() {
    last_words_[0] = 0;
    std::fflush(nullptr);
    const auto pid = ::fork();
    if (pid < 0)
      throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0)
      live();
    control_.second.reset();
    to_parent_.write.reset();
    to_child_.read.reset();
    const auto status = await(pid);
    std::string text = written();
    const auto add = [&text](
                       const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
    if (last_words_[0] != 0)
      add(std::string("fails: ") + last_words_.data());
    else if (!WIFEXITED(status))
      add("ends with signal " + std::to_string(WTERMSIG(status)));
    else if (const auto what = meaning_of(WEXITSTATUS(status)); !what.empty())
      add(what);
    return text.empty() ? "nothing" : text;
  }

private:
  static std::string meaning_of(int code) {
    switch (code) {
    case told_to_leave:
      return {};
    case child::exit_protocol:
      return "leaves: protocol";
    case child::exit_parent_gone:
      return "leaves: its parent is gone";
    case child::exit_start_failed:
      return "leaves: it cannot start";
    }
    return "leaves with " + std::to_string(code);
  }

  [[noreturn]] void live() {
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM})
      ::signal(number, SIG_DFL); // nobody else's handlers
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDERR_FILENO);
    control_.first.reset();
    to_parent_.read.reset();
    to_child_.write.reset();
    try {
      link::parent_hello hello;
      hello.generation = own_generation;
      hello.parent_pid = ::getppid();
      link::channel channel(region_, link::channel::side::child, std::move(to_child_.read),
        std::move(to_parent_.write));
      child::child_life life(
        hello, std::move(channel), std::move(control_.second), child::loop_setup{}, false);
      life.run();
    } catch (const std::exception& e) { // as `become_child` does
      std::snprintf(last_words_.data(), last_words_.size(), "%s", e.what());
    }
    ::_exit(link::exit_before_hello);
  }

  // Lets the child leave when it sleeps, and has read all. The first look is after the parent has gone from it, as far as
  // segments go: the child must not wait for one.
  int await(pid_t pid) {
    control_.first.reset();
    const auto end = std::chrono::steady_clock::now() + patience;
    int status = 0;
    bool told = false;
    while (::waitpid(pid, &status, WNOHANG) == 0) {
      auto& header = region_->header();
      if (!told && header.child_bell.sleeping.load() != 0 &&
          header.to_child.tail.load() == header.to_child.head.load()) {
        header.wanted.request_drain(told_to_leave);
        const char ring = 0;
        told = ::write(to_child_.write.get(), &ring, 1) == 1;
      }
      if (std::chrono::steady_clock::now() > end) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, &status, 0);
        std::snprintf(last_words_.data(), last_words_.size(), "it does not end");
        break;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return status;
  }

  // What the child has written.
  std::string written() {
    std::string text;
    auto& ring = region_->header().to_parent;
    for (std::uint64_t read = 0; read + sizeof(frame_header) <= ring.head.load();) {
      frame_header header;
      std::memcpy(&header, region_->to_parent_data() + read % script_ring_bytes, sizeof header);
      read += sizeof header + link::align8(header.length);
      text += (text.empty() ? "" : ", ") + in_words(header);
    }
    return text;
  }

  static std::string in_words(const frame_header& header) {
    const auto task = "task " + std::to_string(header.task);
    switch (header.kind) {
    case frame_kind::ready:
      return "ready";
    case frame_kind::start_failed:
      return "start failed";
    case frame_kind::value:
      return task + " gives " + std::to_string(header.length) + " bytes";
    case frame_kind::threw:
      return task + " throws";
    case frame_kind::results:
      return task + " has results of " + std::to_string(header.length) + " bytes";
    default:
      return "kind " + std::to_string(static_cast<int>(header.kind));
    }
  }

  const std::span<char> last_words_;
  const std::shared_ptr<link::shared_region> region_ =
    std::make_shared<link::shared_region>(script_link);
  link::bell to_parent_ = link::make_bell();
  link::bell to_child_ = link::make_bell();
  std::pair<base::unique_fd, base::unique_fd> control_ = link::make_control_sockets();
  std::unique_ptr<link::segment> argument_;
  std::uint64_t head_ = 0;
  std::uint64_t deliveries_ = 0;
};

} // namespace

struct childs_end::parts {
  std::span<char> last_words;
};

childs_end::childs_end()
  : parts_(std::make_unique<parts>()) {
  constexpr std::size_t size = 4096;
  void* const memory =
    ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "mmap");
  parts_->last_words = {static_cast<char*>(memory), size};
}

childs_end::~childs_end() {
  ::munmap(parts_->last_words.data(), parts_->last_words.size());
}

std::span<const std::string_view> childs_end::states() {
  static constexpr std::string_view all[] = {"fresh", "ready"};
  return all;
}

std::string childs_end::run(std::string_view state, std::span<const step> steps) {
  child_session with(parts_->last_words);
  if (state == "ready")
    with.set_up();
  else if (state != "fresh")
    throw std::runtime_error("\"" + std::string(state) + "\" is no state of a child");
  const auto argument = with.tell_of_argument();
  for (auto one : steps) {
    replace(one, place_holder::argument, argument);
    replace(one, place_holder::thunk, known_call().code().thunk.offset);
    with.write(one);
  }
  return with.run();
}

std::optional<std::vector<std::byte>> childs_end::expand(std::string_view name) const {
  if (name == "$call") {
    auto head = link::call_head::of(known_call().code());
    head.thunk_offset = static_cast<std::uint64_t>(place_holder::thunk);
    return bytes_of(head);
  }
  if (name == "$settings")
    return plain_settings();
  return std::nullopt;
}

bool childs_end::is_harmless(const step& one) {
  const auto& payload = one.payload;
  const bool is_whole = (one.header.flags & link::more_follows) == 0;
  link::call_head head;
  switch (one.header.kind) {
  case frame_kind::setup:
    try {
      decoder(payload).make<link::child_settings>();
      return payload == plain_settings();
    } catch (const decode_error&) {
      return is_whole;
    }
  case frame_kind::module:
    return is_whole && !payload.empty() && payload.back() != std::byte{1}; // which is to be loaded
  case frame_kind::call:
    if (payload.size() < sizeof head)
      return is_whole;
    std::memcpy(&head, payload.data(), sizeof head);
    if (head.thunk_offset != static_cast<std::uint64_t>(place_holder::thunk))
      return detail::function_at(head.code().thunk) == nullptr;
    return head.thunk_module == 0 && head.code().kind == detail::call_kind::plain &&
           head.code().target == known_call().code().target;
  default:
    return true;
  }
}

} // namespace troupe::fuzz
