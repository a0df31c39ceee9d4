// troupe-bench-caf: a baseline for troupe-bench, see baselines.hpp.
//   troupe-bench-caf roundtrip COUNT | tasks COUNT OUTSTANDING
#include "reading.hpp"
#include "remote_config.hpp" // for the version of CAF

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace bench;

class remote_worker final : public caf::event_based_actor {
public:
  explicit remote_worker(caf::actor_config& config)
    : caf::event_based_actor(config) {}

  caf::behavior make_behavior() override {
    return {[](remote_task& task) -> remote_result {
      return {task.id, std::move(task.arguments)};
    }};
  }
};

/// A server process, and the port that it has told on its standard output.
class server_process {
public:
  server_process() {
    int input[2];
    int output[2];
    if (::pipe(input) != 0 || ::pipe(output) != 0)
      throw std::runtime_error("pipe failed");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(input[0], 0);
      ::dup2(output[1], 1);
      ::close(input[1]);
      ::execl("/proc/self/exe", "troupe-bench-caf", "serve", nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    alive_ = input[1];
    FILE* told = ::fdopen(output[0], "r");
    if (std::fscanf(told, "%hu", &port) != 1)
      throw std::runtime_error("the CAF server did not start");
    std::fclose(told);
  }
  server_process(const server_process&) = delete;
  ~server_process() {
    ::close(alive_); // its end of input
    ::waitpid(pid_, nullptr, 0);
  }

  unsigned short port = 0;

private:
  pid_t pid_ = 0;
  int alive_ = -1;
};

[[noreturn]] void serve() {
  remote_config config;
  caf::actor_system system{config};
  const auto worker = system.spawn<remote_worker>();
  const auto port = system.middleman().publish(worker, 0, "127.0.0.1");
  std::printf("%hu\n", *port);
  std::fflush(stdout);
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  ::_exit(0);
}

// As small as the arguments of a task.
const std::vector<char> arguments(16);

void take_result(caf::scoped_actor& self) {
  self->receive([](const remote_result&) {},
    [&](const caf::error& error) { throw std::runtime_error(caf::to_string(error)); });
}

std::vector<reading> round_trips(caf::scoped_actor& self, const caf::actor& worker, long count) {
  return timed_trips(count, [&](long i) {
    self->send(worker, remote_task{static_cast<std::uint64_t>(i), arguments});
    take_result(self);
  });
}

std::vector<reading> tasks(
  caf::scoped_actor& self, const caf::actor& worker, long count, long window) {
  const auto start = bench::clock::now();
  long sent = 0;
  for (long received = 0; received < count; ++received) {
    for (; sent < count && sent - received < window; ++sent)
      self->send(worker, remote_task{static_cast<std::uint64_t>(sent), arguments});
    take_result(self);
  }
  return {{"rate", static_cast<double>(count) / seconds_since(start), "tasks/s"}};
}

void measure(const std::string& workload, long count, long window) {
  const server_process server;
  remote_config config;
  caf::actor_system system{config};
  auto worker = system.middleman().remote_actor("127.0.0.1", server.port);
  if (!worker)
    throw std::runtime_error("cannot connect to the CAF server: " + caf::to_string(worker.error()));
  caf::scoped_actor self{system};
  if (workload == "roundtrip")
    print(round_trips(self, *worker, count));
  else
    print(tasks(self, *worker, count, window));
  self->send_exit(*worker, caf::exit_reason::kill);
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "serve") == 0)
    serve();
  if (argc < 3) {
    std::fprintf(stderr, "troupe-bench-caf: roundtrip COUNT | tasks COUNT OUTSTANDING\n");
    return 2;
  }
  try {
    measure(argv[1], std::atol(argv[2]), argc > 3 ? std::atol(argv[3]) : 1);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-bench-caf: %s\n", e.what());
    return 1;
  }
}
