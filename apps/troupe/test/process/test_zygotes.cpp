#include "test/process/test_zygotes.hpp"

#include "command/descendants.hpp"
#include "command/file_descriptor.hpp"
#include "command/leader.hpp"
#include "test/recognition.hpp"

#include <troupe/testing/fork_tests.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe_cli::test {
namespace {

namespace asio = boost::asio;
namespace protocol = troupe::testing::detail;
using descriptor = asio::posix::stream_descriptor;

constexpr auto quiet_wait = asio::as_tuple(asio::use_awaitable);
// Of these a program and its libraries may need some to be ready. One that never is, is killed.
constexpr std::chrono::seconds patience{20};
// A mark of a test is written over that of the zygote, and may be longer.
constexpr const char* room_for_marks = "-forks-tests-----";

struct socket_pair {
  socket_pair() {
    std::array<int, 2> both{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) == 0) {
      here.number = both[0];
      there.number = both[1];
    }
  }
  file_descriptor here;
  file_descriptor there;
};

/// A descriptor for some operations of Asio, which end within the patience. It stays open.
class patient_descriptor {
public:
  patient_descriptor(const asio::any_io_executor& executor, int fd)
    : descriptor_(std::make_shared<descriptor>(executor, fd))
    , timer_(executor, patience) {
    // Where the time was over a moment before all was done, this is called when all is gone.
    timer_.async_wait([weak = std::weak_ptr(descriptor_)](const boost::system::error_code& error) {
      const auto patient = weak.lock();
      if (!error && patient)
        patient->cancel();
    });
  }
  patient_descriptor(const patient_descriptor&) = delete;
  patient_descriptor& operator=(const patient_descriptor&) = delete;
  ~patient_descriptor() { descriptor_->release(); }

  asio::awaitable<bool> read(void* to, std::size_t size) {
    const auto [error, got] =
      co_await asio::async_read(*descriptor_, asio::buffer(to, size), quiet_wait);
    co_return !error && got == size;
  }
  asio::awaitable<bool> write(const std::string& text) {
    const auto [error, sent] =
      co_await asio::async_write(*descriptor_, asio::buffer(text), quiet_wait);
    co_return !error && sent == text.size();
  }

private:
  std::shared_ptr<descriptor> descriptor_;
  asio::steady_timer timer_;
};

bool send_head(int socket, const protocol::order_head& head, std::array<int, 2> descriptors) {
  auto copy = head;
  iovec part{&copy, sizeof copy};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* attached = CMSG_FIRSTHDR(&message);
  attached->cmsg_level = SOL_SOCKET;
  attached->cmsg_type = SCM_RIGHTS;
  attached->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(attached), descriptors.data(), sizeof descriptors);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof copy;
}

struct order_text {
  protocol::order_head head;
  std::string texts;
};

order_text text_of(
  const process_order& order, const std::string& mark, const std::string& addition) {
  order_text out;
  const auto add = [&out](std::string_view text) { out.texts.append(text).push_back('\0'); };
  add(std::string_view(mark).substr(mark.find('=') + 1));
  for (const auto& variable : order.what.environment)
    add(variable);
  add(addition);
  for (const auto& argument : order.what.argv)
    add(argument);
  out.head.bytes = static_cast<unsigned>(out.texts.size());
  out.head.variables = static_cast<unsigned>(order.what.environment.size() + 1);
  out.head.arguments = static_cast<unsigned>(order.what.argv.size());
  return out;
}

/// Of a process that waits to begin: it ends when nobody can tell it to.
void give_up(pid_t pid, socket_pair& beginning) {
  beginning.here.reset();
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// The process that a zygote forks for the order; without a pid if there is none.
asio::awaitable<started_command> ask(int socket, const order_text& text, int output, bool traced) {
  started_command out;
  socket_pair beginning;
  if (beginning.here.number < 0 || !send_head(socket, text.head, {output, beginning.there.number}))
    co_return out;
  beginning.there.reset();
  std::int32_t answer = 0;
  {
    patient_descriptor zygote(co_await asio::this_coro::executor, socket);
    if (!co_await zygote.write(text.texts) || !co_await zygote.read(&answer, sizeof answer) ||
        answer <= 0)
      co_return out;
  }
  const bool cancelled = co_await is_cancelled();
  file_descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, answer, 0)));
  if (cancelled || pidfd.number < 0) {
    give_up(answer, beginning);
    co_return out;
  }
  out.traced = traced && trace_process(answer);
  if (::send(beginning.here.number, "b", 1, MSG_NOSIGNAL) != 1) { // it has been killed
    give_up(answer, beginning);
    co_return started_command{};
  }
  out.pid = answer;
  out.pidfd = pidfd.take();
  co_return out;
}

} // namespace

test_zygotes& test_zygotes::of_this_process() {
  static auto& all = *new test_zygotes; // they end with the process
  return all;
}

test_zygotes::zygote* test_zygotes::find(const std::string& path, const std::string& stamp) {
  const auto found = running_.find(path);
  if (found == running_.end())
    return nullptr;
  if (found->second.stamp == stamp)
    return &found->second;
  end(path); // the program has been built anew
  return nullptr;
}

void test_zygotes::end(const std::string& path) {
  const auto ended = running_.extract(path).mapped();
  ::close(ended.socket);
  running_commands::of_this_process().end_kept(ended.pid);
}

void test_zygotes::end_all() {
  while (!running_.empty())
    end(std::string(running_.begin()->first));
}

asio::awaitable<test_zygotes::zygote*> test_zygotes::start(
  const process_order& order, const std::string& stamp, const std::string& addition) {
  socket_pair sockets;
  if (sockets.here.number < 0 || running_.size() >= most)
    co_return nullptr;
  command what;
  what.argv = order.zygote_argv;
  what.environment = order.what.environment;
  what.environment.emplace_back(std::string(protocol::forks_tests_variable) + "=1");
  what.environment_without = order.what.environment_without;
  what.limits = order.what.limits;
  auto& commands = running_commands::of_this_process();
  const auto started = start_command(
    what, {.in = sockets.there.number}, {commands.new_mark() + room_for_marks, addition});
  ::close(started.pidfd);
  sockets.there.reset();
  commands.keep(started.pid);
  const auto& path = order.what.argv.front();
  auto& one = running_[path] = {stamp, started.pid, sockets.here.take()};
  char said = 0;
  {
    patient_descriptor socket(co_await asio::this_coro::executor, one.socket);
    co_await socket.read(&said, sizeof said);
  }
  if (said == protocol::ready)
    co_return &one;
  end(path);
  co_return nullptr;
}

asio::awaitable<std::optional<started_command>> test_zygotes::fork(
  const process_order& order, const std::string& mark, const std::string& addition) {
  const auto path = order.what.argv.front();
  const auto stamp = stamp_of(path);
  if (const auto known = broken_.find(path); known != broken_.end() && known->second == stamp)
    co_return std::nullopt;
  auto* asked = find(path, stamp);
  if (asked == nullptr)
    asked = co_await start(order, stamp, addition);
  const file_descriptor output(asked != nullptr ? open_output_file(order.what.stdout_file) : -1);
  if (output.number >= 0) {
    const auto started = co_await ask(
      asked->socket, text_of(order, mark, addition), output.number, order.trace_from_start);
    if (started.pid > 0)
      co_return started;
    end(path);
  }
  if (!co_await is_cancelled())
    broken_[path] = stamp;
  co_return std::nullopt;
}

} // namespace troupe_cli::test
