#include "caf_baseline.hpp"
#include "remote_config.hpp" // for the version of CAF

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr const char* server_argument = "--caf-baseline-server";

caf::behavior remote_worker(caf::event_based_actor*) {
  return {[](remote_task& task) -> remote_result { return {task.id, std::move(task.arguments)}; }};
}

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
      ::execl("/proc/self/exe", "troupe-bench", server_argument, nullptr);
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

} // namespace

void become_caf_server_if_asked(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], server_argument) != 0)
    return;
  remote_config config;
  caf::actor_system system{config};
  const auto worker = system.spawn(remote_worker);
  const auto port = system.middleman().publish(worker, 0, "127.0.0.1");
  std::printf("%hu\n", *port);
  std::fflush(stdout);
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  ::_exit(0);
}

double caf_remote_throughput(int count, int window) {
  const server_process server;
  remote_config config;
  caf::actor_system system{config};
  auto worker = system.middleman().remote_actor("127.0.0.1", server.port);
  if (!worker)
    throw std::runtime_error("cannot connect to the CAF server: " + caf::to_string(worker.error()));
  double seconds = 0;
  {
    caf::scoped_actor self{system};
    const std::vector<char> arguments(16);
    const auto start = std::chrono::steady_clock::now();
    int sent = 0;
    for (int received = 0; received < count; ++received) {
      for (; sent < count && sent - received < window; ++sent)
        self->send(*worker, remote_task{static_cast<std::uint64_t>(sent), arguments});
      self->receive([](const remote_result&) {},
        [&](const caf::error& error) { throw std::runtime_error(caf::to_string(error)); });
    }
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    self->send_exit(*worker, caf::exit_reason::kill);
  }
  return count / seconds;
}

} // namespace bench
