#include "fuzz/parents_end.hpp"

#include "message_stages.hpp"

#include "actors/actor_hub.hpp"
#include "fuzz/script_link.hpp"
#include "link/control_socket.hpp"
#include "link/request.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/child_process.hpp"
#include "parent/serve/child_requests.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/report.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::fuzz {

using link::frame_header;
using link::frame_kind;

namespace {

constexpr std::size_t segment_bytes = 4096;

[[noreturn]] void broken(const std::string& what) {
  std::fprintf(stderr, "this does not hold: %s\n", what.c_str());
  std::abort();
}

void require(bool holds, const char* what) {
  if (!holds)
    broken(what);
}

// A process that does nothing, and costs next to nothing: it has the memory of this one.
int do_nothing(void*) {
  for (;;)
    ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
}

parent::started_process start_idle_process() {
  alignas(16) static std::array<char, 16 * 1024> stack; // of one at a time
  const auto pid = ::clone(do_nothing, stack.data() + stack.size(), CLONE_VM | SIGCHLD, nullptr);
  if (pid < 0)
    throw std::system_error(errno, std::generic_category(), "clone");
  ::setpgid(pid, pid);
  return {pid, os::child_descriptor::open_or_end(pid)};
}

} // namespace

// The child's side of the link.
struct childs_memory {
  base::unique_fd fds[6];
  std::unique_ptr<link::shared_region> region;
  std::uint64_t head = 0;

  explicit childs_memory(int control) {
    link::parent_hello hello;
    require(link::receive_control(control, &hello, sizeof hello, fds, std::size(fds)) ==
              link::receive_result::message,
      "a child gets its link");
    region = std::make_unique<link::shared_region>(std::move(fds[0]), hello.size);
  }

  link::region_header& header() const { return region->header(); }

  void write(const step& one) {
    auto frame = one.header;
    frame.length = one.length.value_or(static_cast<std::uint32_t>(one.payload.size()));
    // The ring comes twice, one after the other: what does not fit even there is no step.
    const auto size = std::min<std::size_t>(one.payload.size(), script_ring_bytes - sizeof frame);
    auto* const at = region->to_parent_data() + head % script_ring_bytes;
    std::memcpy(at, &frame, sizeof frame);
    if (size > 0)
      std::memcpy(at + sizeof frame, one.payload.data(), size);
    const auto whole = sizeof frame + link::align8(one.payload.size());
    const auto end = head + (one.publish ? static_cast<std::uint64_t>(*one.publish) : whole);
    if (one.what == step::act::stage) {
      header().to_parent.staged.store(one.publish ? end : head + sizeof frame + one.payload.size());
      return;
    }
    head = end;
    header().to_parent.head.store(head);
  }
};

namespace {

// Starts no child, but passes on what one would get.
class no_starter final : public parent::child_starter {
public:
  explicit no_starter(std::unique_ptr<childs_memory>& memory)
    : memory_(memory) {}
  parent::started_process start(const base::unique_fd& control, int) override {
    memory_ = std::make_unique<childs_memory>(control.get());
    return start_idle_process();
  }

private:
  std::unique_ptr<childs_memory>& memory_; // read when the loop has been told of the process
};

std::string count_of(std::size_t count, const char* what) {
  return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

// Everything of one child.
class parent_session final : parent::life_listener,
                             parent::task_listener,
                             parent::child_requests::owner {
public:
  parent_session(loop::event_loop& loop, actors::actor_hub& hub, parent::launcher& launcher,
    std::unique_ptr<childs_memory>& memory)
    : loop_(loop)
    , memory_(memory)
    , child_(std::make_shared<parent::child_process>(loop, &hub,
        parent::child_process::listeners{*this, *this}, 0, own_generation, script_link,
        parent::common_settings("fuzz", {}, {}), input::null, nullptr))
    , requests_(std::make_shared<parent::child_requests>(exports_,
        static_cast<parent::child_requests::owner&>(*this), static_cast<parent::peer&>(*child_))) {
    exports_.add_pool(pool_ = exports_.new_id(), std::weak_ptr<parent::pool_control>());
    queue_ = exports_.new_id();
    on_report(
      "wanted", [this](const report& one) { tell("report \"" + std::string(one.text) + '"'); });
    child_->launch(launcher, child_);
    loop_.run_while([this] { return !launched_; });
  }
  parent_session(const parent_session&) = delete;
  ~parent_session() {
    requests_->drop();
    on_report("wanted", {});
  }

  void prepare(std::string_view state) {
    if (state == "fresh")
      return;
    step hello;
    hello.header.kind = frame_kind::hello;
    hello.header.generation = own_generation;
    hello.payload = hello_payload();
    take(hello);
    if (state == "greeted")
      return;
    take_plain(frame_kind::ready, 0, 0);
    make_segments();
    if (state == "tasks")
      make_tasks();
    else if (state != "ready")
      throw std::runtime_error("\"" + std::string(state) + "\" is no state of a child");
    told_.clear();
    require(child_->exit().reason.empty(), "what prepares a child is legal");
  }

  void take(step one) {
    if (is_broken())
      was_broken_ = true;
    if (was_broken_ && one.what != step::act::write && one.what != step::act::stage)
      return; // the parent has given it up
    for (const auto& [what, number] : numbers_)
      replace(one, what, number);
    const auto cell = one.header.cell;
    switch (one.what) {
    case step::act::write:
    case step::act::stage:
      memory_->write(one);
      break;
    case step::act::claim:
      if (const auto found = tasks_.find(cell); found != tasks_.end())
        memory_->region->cells().claim(
          cell, found->second.delivery, std::max(found->second.items, 1u));
      return;
    case step::act::put:
      return;
    case step::act::close:
      if (const auto found = tasks_.find(cell); found != tasks_.end() && found->second.items > 0) {
        const auto progress = child_->tasks().close_batch(cell);
        tell("batch closed with " + count_of(progress.finished, "result") + " of " +
             std::to_string(progress.claimed));
      }
      return;
    case step::act::take_back:
      if (const auto found = tasks_.find(cell); found != tasks_.end())
        if (child_->tasks().take_back(cell)) {
          tell("task " + std::to_string(found->second.id) + " is taken back");
          tasks_.erase(found);
        }
      return;
    }
    child_->tasks().read();
    tell_replies();
  }

  std::string finish() {
    auto why = child_->exit().reason;
    if (!why.empty())
      told_.push_back(why);
    child_->kill("the script has ended");
    loop_.run_while([this] { return !down_; });
    const auto left = child_->tasks().remaining();
    require(left.started.size() + left.unstarted.size() == tasks_.size(),
      "the tasks that have not ended are those that the child has");
    std::string text;
    for (const auto& one : told_)
      text += (text.empty() ? "" : ", ") + one;
    return text.empty() ? "nothing" : text;
  }

  static std::vector<std::byte> hello_payload() {
    const link::child_hello hello{link::link_magic, own_generation, os::image_build_id()};
    return bytes_of(hello);
  }

private:
  struct task {
    task_id id = 0;
    std::uint64_t delivery = 0;
    std::uint32_t items = 0; // of a batch
  };

  void take_plain(frame_kind kind, std::uint32_t cell, task_id id) {
    step one;
    one.header.kind = kind;
    one.header.generation = own_generation;
    one.header.cell = cell;
    one.header.task = id;
    take(std::move(one));
  }

  void make_segments() {
    const auto buffer = child_->make_buffer(segment_bytes);
    child_->reply(0, 0, {}, nullptr, &buffer); // which tells the child of it
    numbers_ = {{place_holder::pool, pool_}, {place_holder::queue, queue_},
      {place_holder::result, child_->make_for_result(segment_bytes)},
      {place_holder::buffer, buffer.attached(0)->number()},
      {place_holder::thunk, known_call().code().thunk.offset}};
    tell_replies(); // reads them
  }

  void make_tasks() {
    using detail::call_kind;
    send(1, call_kind::plain, 0);
    send(2, call_kind::plain, 0);
    send(3, call_kind::plain, 4);
    send(7, call_kind::coroutine, 0);
    for (const std::uint32_t cell : {1u, 2u, 2u, 3u}) {
      step claim;
      claim.what = step::act::claim;
      claim.header.cell = cell;
      take(std::move(claim));
    }
    take_plain(frame_kind::lend, 3, 7);
  }

  void send(task_id id, detail::call_kind kind, std::uint32_t items) {
    auto code = known_call().code();
    code.kind = kind;
    const detail::task_ptr what(new detail::task_state(code, detail::bytes()));
    what->items = items;
    const auto cell = child_->tasks().send({0, id}, what, 1);
    tasks_[cell] = {id, ++deliveries_, items};
  }

  void tell(std::string what) {
    require(!was_broken_, "nothing is told of a child that has broken the rules");
    if (told_.size() < 1000)
      told_.push_back(std::move(what));
  }
  bool is_broken() const { return !child_->exit().reason.empty(); }

  // What the parent has written to the child.
  void tell_replies() {
    auto& ring = memory_->header().to_child;
    for (; read_ < ring.head.load(); ring.tail.store(read_)) {
      frame_header header;
      const auto* const at = memory_->region->to_child_data() + read_ % script_ring_bytes;
      std::memcpy(&header, at, sizeof header);
      read_ += sizeof header + link::align8(header.length);
      if (header.kind != frame_kind::reply || (header.flags & link::more_follows) != 0)
        continue;
      auto text = "request " + std::to_string(header.task);
      if (header.extra == static_cast<std::uint64_t>(link::reply_status::failed))
        text += " fails";
      else
        text += " is answered with " + count_of(header.length, "byte");
      tell(std::move(text));
    }
  }

  // -- what is told -------------------------------------------------------------------------------

  void child_launched(parent::child_process&) override { launched_ = true; }
  void child_ready(parent::child_process&) override { tell("ready"); }
  void child_full(parent::child_process&) override { tell("full"); }
  void child_down(parent::child_process&) override {
    require(!std::exchange(down_, true), "a child is down once");
    launched_ = true;
  }

  void task_ended(std::uint32_t, const policy::child_outcome& came) override {
    const auto found = std::find_if(
      tasks_.begin(), tasks_.end(), [&](const auto& one) { return one.second.id == came.task.id; });
    require(found != tasks_.end(), "a task that ends is one that the child has, and ends once");
    const bool is_batch = found->second.items > 0;
    tasks_.erase(found);
    const auto size = came.take_payload().size();
    auto text = "task " + std::to_string(came.task.id);
    if (is_batch && !came.threw)
      text += " ends with " + count_of(came.items, "result") + ", " + std::to_string(came.failed) +
              " failed";
    else
      text += (came.threw ? " throws " : " gives ") + count_of(size, "byte");
    tell(std::move(text));
  }
  void task_lent(std::uint32_t, const policy::lent_place& place) override {
    tell("task " + std::to_string(place.task.id) + " lends its place");
  }
  void task_reclaimed(std::uint32_t, const policy::lent_place& place) override {
    tell("task " + std::to_string(place.task.id) + " goes on");
  }
  void batch_ended() override {}
  void child_hosts(std::uint32_t, std::size_t) override {}
  void child_asked(parent::child_process&, const frame_header& header,
    std::span<const std::byte> payload) override {
    requests_->take(header, payload);
  }
  void child_withdrew(std::uint32_t, std::uint64_t request, bool started_too) override {
    requests_->withdraw(request, started_too);
  }

  bool is_own(const parent::pool_control&) const override { return false; }
  void submit_nested(detail::task_ptr) override {}
  void cancel_nested(const detail::task_ptr&, bool) override {}

  loop::event_loop& loop_;
  std::unique_ptr<childs_memory>& memory_;
  parent::exports exports_;
  std::shared_ptr<parent::child_process> child_;
  std::shared_ptr<parent::child_requests> requests_;
  std::uint64_t pool_ = 0;
  std::uint64_t queue_ = 0;
  std::vector<std::pair<place_holder, std::uint64_t>> numbers_;
  std::map<std::uint32_t, task> tasks_; // by cell
  std::uint64_t deliveries_ = 0;
  std::uint64_t read_ = 0; // of what the parent has written
  std::vector<std::string> told_;
  bool launched_ = false;
  bool down_ = false;
  bool was_broken_ = false;
};

} // namespace

struct parents_end::parts {
  compat::caf_config config{1};
  caf::actor_system system{config};
  loop::event_loop loop{system};
  std::optional<actors::actor_hub> hub;
  std::unique_ptr<childs_memory> memory;
  std::optional<parent::launcher> launcher;
  caf::actor known; // that the child may send to
};

parents_end::parents_end()
  : parts_(std::make_unique<parts>()) {
  compat::give_node_id(parts_->system);
  parts_->hub.emplace(parts_->system, parts_->loop);
  parts_->launcher.emplace(std::make_unique<no_starter>(parts_->memory));
  // With an argument, since CAF's headers bind a reference to the tuple of arguments also if there is none.
  const auto live = [](caf::event_based_actor* self, int) {
    self->set_default_handler(caf::drop);
    return caf::behavior{[](const std::string&) {}};
  };
  parts_->known = parts_->system.spawn(live, 0);
}

parents_end::~parents_end() {
  parts_->launcher.reset();
  caf::anon_send_exit(parts_->known, caf::exit_reason::kill);
  parts_->known = nullptr;
  parts_->loop.stop();
  parts_->loop.run(); // what is left to do
  parts_->hub.reset();
}

std::span<const std::string_view> parents_end::states() {
  static constexpr std::string_view all[] = {"fresh", "greeted", "ready", "tasks"};
  return all;
}

std::string parents_end::run(std::string_view state, std::span<const step> steps) {
  parent_session with(parts_->loop, *parts_->hub, *parts_->launcher, parts_->memory);
  with.prepare(state);
  for (const auto& one : steps)
    with.take(one);
  return with.finish();
}

std::optional<std::vector<std::byte>> parents_end::expand(std::string_view name) {
  detail::bytes out;
  auto& codec = parts_->hub->codec();
  caf::node_id::default_data::host_id_type host{};
  host.fill(7);
  auto child = caf::make_node_id(1234, host);
  if (name == "$hello")
    return parent_session::hello_payload();
  if (name == "$call") {
    auto head = link::call_head::of(known_call().code());
    head.thunk_offset = static_cast<std::uint64_t>(place_holder::thunk);
    return bytes_of(head);
  }
  if (name == "$node") {
    static_cast<void>(codec.encode(out, child));
  } else if (name == "$parent_node") {
    auto own = parts_->system.node();
    static_cast<void>(codec.encode(out, own));
  } else if (name == "$message") {
    auto to = caf::actor_cast<caf::strong_actor_ptr>(parts_->known);
    caf::strong_actor_ptr from;
    std::uint64_t id = caf::message_id::default_async_value;
    message_stages stages;
    auto content = caf::make_message(std::string("text"), 7);
    static_cast<void>(codec.encode(out, to, from, id, stages, content));
  } else if (name == "$down") {
    std::uint64_t actor = 5;
    auto reason = caf::error(caf::exit_reason::kill);
    static_cast<void>(codec.encode(out, child, actor, reason));
  } else {
    return std::nullopt;
  }
  return bytes_of(out);
}

} // namespace troupe::fuzz
