#include "monitor/monitor_server.hpp"

#include "loop/descriptor_watch.hpp"
#include "monitor/event_streams.hpp"
#include "monitor/messages.hpp"
#include "monitor/pool_views.hpp"
#include "monitor/socket_place.hpp"
#include "monitor/watcher.hpp"
#include "os/command_line.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/pool/pool_registry.hpp"
#include "values/error_text.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::monitor {

namespace {

// The descriptors that a forked copy of this process must not keep: who watches would wait for an answer of it, and take
// the process for alive. A handler of fork has no other way to them. 0: none.
std::array<std::atomic<int>, limits::max_watchers + 1> own_descriptors{};

void close_in_copy() {
  for (auto& fd : own_descriptors)
    if (const int open = fd.exchange(0); open != 0)
      ::close(open);
}

void own_descriptor(int fd) noexcept {
  for (auto& place : own_descriptors) {
    int free = 0;
    if (place.compare_exchange_strong(free, fd))
      return;
  }
}

void disown_descriptor(int fd) noexcept {
  for (auto& place : own_descriptors) {
    int found = fd;
    if (place.compare_exchange_strong(found, 0))
      return;
  }
}

bool is_allowed(int socket) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0);
}

} // namespace

// Whatever waits keeps it, so that it may end while something waits.
class monitor_server::state : public std::enable_shared_from_this<state> {
public:
  state(boost::asio::io_context& io, parent::pool_registry& pools, std::string program)
    : io_(io)
    , pools_(pools)
    , streams_(pools.tap())
    , program_(std::move(program))
    , place_(std::in_place, program_)
    , spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    static const int error = ::pthread_atfork(nullptr, nullptr, close_in_copy);
    if (error != 0)
      throw std::system_error(error, std::generic_category(), "watching for forks of this process");
    own_descriptor(place_->fd());
  }

  boost::asio::io_context& io() noexcept { return io_; }

  void listen() {
    watch_ = std::make_unique<loop::descriptor_watch>(io_, place_->fd(), [self = weak_from_this()] {
      if (const auto server = self.lock())
        server->accept_some();
    });
  }

  void close() {
    watch_.reset();
    disown_descriptor(place_->fd());
    place_.reset();
    for (const auto& one : std::exchange(watchers_, {}))
      one->close();
    streams_.forget_closed();
  }

private:
  // No more than that at a time: others that come and go without end do not keep the loop here.
  void accept_some() {
    for (std::size_t i = 0; i < limits::max_watchers; ++i) {
      base::unique_fd fd(::accept4(place_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd)
        take(std::move(fd));
      else if (errno == EMFILE || errno == ENFILE)
        turn_away();
      else if (errno != EINTR && errno != ECONNABORTED)
        return;
    }
  }

  // One that waits is always readable: without a descriptor for it the loop would find no rest.
  void turn_away() {
    spare_.reset();
    base::unique_fd(::accept4(place_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
    spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }

  void take(base::unique_fd fd) {
    if (!is_allowed(fd.get()) || watchers_.size() >= limits::max_watchers)
      return;
    try {
      const int number = fd.get();
      auto one = watcher::start(
        io_, std::move(fd),
        [self = weak_from_this()](const std::shared_ptr<watcher>& from, std::string_view line) {
          if (const auto server = self.lock())
            server->serve(from, line);
        },
        [self = weak_from_this(), number] {
          disown_descriptor(number);
          if (const auto server = self.lock())
            server->forget_closed();
        });
      own_descriptor(number);
      watchers_.push_back(std::move(one));
    } catch (const std::exception&) {
      // There is no memory, or no room in the kernel: it is turned away.
    }
  }

  // Called by one that is about to close, which is still in the list.
  void forget_closed() {
    boost::asio::post(io_, [self = shared_from_this()] {
      std::erase_if(self->watchers_, [](const auto& one) { return !one->is_open(); });
      self->streams_.forget_closed();
    });
  }

  void serve(const std::shared_ptr<watcher>& from, std::string_view line) {
    const auto owed = std::make_shared<owed_answer>(from);
    try {
      carry_out(owed, parse_request(line));
    } catch (...) {
      owed->give(error_line(values::message_of(std::current_exception())));
    }
  }

  void carry_out(const std::shared_ptr<owed_answer>& owed, const watcher_request& wanted) {
    using kind = watcher_request::kind;
    if (wanted.what == kind::status) {
      tell_status(owed);
      return;
    }
    if (wanted.what == kind::trace) {
      stream_events(*owed);
      return;
    }
    const auto pool = find(wanted.pool);
    if (wanted.what == kind::stack) {
      pool->ask_stacks(wanted.number,
        [owed](std::vector<thread_stack>&& stacks, const std::exception_ptr& problem) {
          owed->give(problem ? error_line(values::message_of(problem)) : stack_line(stacks));
        });
      return;
    }
    if (wanted.what == kind::recycle)
      pool->recycle(wanted.number);
    else if (wanted.what == kind::resize)
      pool->resize(wanted.number);
    else
      pool->close();
    owed->give(done_line());
  }

  void tell_status(const std::shared_ptr<owed_answer>& owed) {
    gather_pools(io_, pools_, [self = shared_from_this(), owed](std::vector<pool_view>&& views) {
      std::ranges::sort(views, {}, &pool_view::id); // in the order in which they were made
      owed->give(status_line({::getpid(), self->program_, os::command_line(), std::move(views)}));
    });
  }

  void stream_events(owed_answer& owed) {
    using namespace std::chrono;
    const auto steady = steady_clock::now().time_since_epoch();
    const auto wall = system_clock::now().time_since_epoch();
    streams_.add(owed.give_stream(trace_line(::getpid(), program_,
      duration_cast<microseconds>(steady).count(), duration_cast<microseconds>(wall).count())));
  }

  std::shared_ptr<parent::pool_control> find(std::uint64_t id) const {
    for (auto& pool : pools_.handles())
      if (pool->id() == id)
        return pool;
    throw std::runtime_error("there is no pool " + std::to_string(id));
  }

  boost::asio::io_context& io_;
  const parent::pool_registry& pools_;
  event_streams streams_;
  const std::string program_;
  std::optional<socket_place> place_; // until it is closed
  base::unique_fd spare_;             // to be able to accept, and hang up, when there is no other
  std::unique_ptr<loop::descriptor_watch> watch_;
  std::vector<std::shared_ptr<watcher>> watchers_;
};

monitor_server::monitor_server(
  boost::asio::io_context& io, parent::pool_registry& pools, std::string program)
  : state_(std::make_shared<state>(io, pools, std::move(program))) {
  boost::asio::post(io, [state = state_] { state->listen(); });
}

monitor_server::~monitor_server() {
  std::promise<void> closed;
  boost::asio::post(state_->io(), [&] {
    state_->close();
    closed.set_value();
  });
  closed.get_future().wait();
}

} // namespace troupe::monitor
