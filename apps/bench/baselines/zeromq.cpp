// troupe-bench-zeromq: a baseline for troupe-bench, see baselines.hpp. The caller has a ROUTER, another process that
// gives back what it gets a DEALER.
//   troupe-bench-zeromq roundtrip COUNT | tasks COUNT OUTSTANDING | payload COUNT BYTES
#include "reading.hpp"

#include <zmq.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace bench;

/// A socket that keeps as many messages as there are: nothing is dropped.
class socket_of {
public:
  explicit socket_of(int type)
    : context_(::zmq_ctx_new())
    , socket_(::zmq_socket(context_, type)) {
    const int none = 0;
    ::zmq_setsockopt(socket_, ZMQ_SNDHWM, &none, sizeof none);
    ::zmq_setsockopt(socket_, ZMQ_RCVHWM, &none, sizeof none);
    ::zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
  }
  socket_of(const socket_of&) = delete;
  ~socket_of() {
    ::zmq_close(socket_);
    ::zmq_ctx_term(context_);
  }

  void* get() const { return socket_; }

private:
  void* context_;
  void* socket_;
};

void check(int result) {
  if (result < 0)
    throw std::runtime_error(std::string("ZeroMQ: ") + ::zmq_strerror(::zmq_errno()));
}

void serve(const std::string& address) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const socket_of dealer(ZMQ_DEALER);
  check(::zmq_connect(dealer.get(), address.c_str()));
  check(::zmq_send(dealer.get(), "", 0, 0)); // it is there
  for (;;) {
    zmq_msg_t message;
    ::zmq_msg_init(&message);
    check(::zmq_msg_recv(&message, dealer.get(), 0));
    check(::zmq_msg_send(&message, dealer.get(), 0));
  }
}

/// The caller's end, and the other process.
class caller {
public:
  caller() {
    const auto address =
      "ipc://@troupe-bench-" + std::to_string(::getpid()); // no file is left behind
    check(::zmq_bind(router_.get(), address.c_str()));
    server_ = ::fork();
    if (server_ == 0) {
      ::execl("/proc/self/exe", "troupe-bench-zeromq", "serve", address.c_str(), nullptr);
      ::_exit(127);
    }
    identity_.resize(256);
    const int size = ::zmq_recv(router_.get(), identity_.data(), identity_.size(), 0);
    check(size);
    identity_.resize(static_cast<std::size_t>(size));
    check(::zmq_recv(router_.get(), nullptr, 0, 0));
  }
  caller(const caller&) = delete;
  ~caller() {
    ::kill(server_, SIGKILL);
    ::waitpid(server_, nullptr, 0);
  }

  void send(const void* data, std::size_t size) {
    check(::zmq_send(router_.get(), identity_.data(), identity_.size(), ZMQ_SNDMORE));
    check(::zmq_send(router_.get(), data, size, 0));
  }
  void receive(void* to, std::size_t size) {
    char identity[256];
    check(::zmq_recv(router_.get(), identity, sizeof identity, 0));
    const int got = ::zmq_recv(router_.get(), to, size, 0);
    check(got);
    if (static_cast<std::size_t>(got) != size)
      throw std::runtime_error("ZeroMQ: a message of another size came back");
  }

private:
  socket_of router_{ZMQ_ROUTER};
  std::string identity_;
  pid_t server_ = 0;
};

// As small as the arguments of a task.
constexpr std::size_t task_size = 16;

std::vector<reading> round_trips(caller& with, long count) {
  char task[task_size] = {};
  return timed_trips(count, [&](long) {
    with.send(task, sizeof task);
    with.receive(task, sizeof task);
  });
}

std::vector<reading> tasks(caller& with, long count, long window) {
  char task[task_size] = {};
  const auto start = bench::clock::now();
  long sent = 0;
  for (long received = 0; received < count; ++received) {
    for (; sent < count && sent - received < window; ++sent)
      with.send(task, sizeof task);
    with.receive(task, sizeof task);
  }
  return {{"rate", static_cast<double>(count) / seconds_since(start), "tasks/s"}};
}

std::vector<reading> payloads(caller& with, long count, std::size_t size) {
  std::string text(size, 'x');
  double first = 0;
  std::vector<double> later;
  for (long i = 0; i <= count; ++i) {
    const auto start = bench::clock::now();
    with.send(text.data(), size);
    with.receive(text.data(), size);
    (i == 0 ? first : later.emplace_back()) = microseconds_since(start) / 1000;
  }
  return {{"later", quantile(later, 0.5), "ms"}, {"first", first, "ms"}};
}

void measure(const std::string& workload, long count, long other) {
  caller with;
  if (workload == "roundtrip")
    print(round_trips(with, count));
  else if (workload == "tasks")
    print(tasks(with, count, other));
  else
    print(payloads(with, count, static_cast<std::size_t>(other)));
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
      "troupe-bench-zeromq: roundtrip COUNT | tasks COUNT OUTSTANDING | payload COUNT BYTES\n");
    return 2;
  }
  try {
    if (std::strcmp(argv[1], "serve") == 0)
      serve(argv[2]);
    measure(argv[1], std::atol(argv[2]), argc > 3 ? std::atol(argv[3]) : 1);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-bench-zeromq: %s\n", e.what());
    return 1;
  }
}
