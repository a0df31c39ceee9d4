#include "actor_measure.hpp"

#include "measure.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace bench {

namespace {

// An actor that tells in which process it lives.
caf::behavior pid_teller() {
  return {[](std::int32_t) { return static_cast<std::int32_t>(::getpid()); }};
}

struct progress {
  std::int64_t count = 0;
  std::int64_t sent = 0;
  std::int64_t received = 0;
  std::promise<void> finished;
};

void send_next(
  caf::event_based_actor* self, const caf::actor& pool, const std::shared_ptr<progress>& at) {
  const auto i = at->sent++;
  if (i >= at->count)
    return;
  self->request(pool, caf::infinite, troupe::call(square, i))
    .then(
      [self, pool, at, i](std::int64_t result) {
        if (result != i * i)
          throw std::runtime_error("square(" + std::to_string(i) + ") is wrong");
        send_next(self, pool, at);
        if (++at->received == at->count)
          at->finished.set_value();
      },
      [self, at](caf::error& failure) {
        at->finished.set_exception(std::make_exception_ptr(
          std::runtime_error("a request failed: " + caf::to_string(failure))));
        self->quit();
      });
}

} // namespace

rate request_throughput(troupe::runtime& rt, int count, std::size_t window) {
  troupe::pool pool{rt, {.processes = 1}};
  pool.apply(square, 1).get();
  const auto at = std::make_shared<progress>();
  at->count = count;
  const auto start = std::chrono::steady_clock::now();
  rt.system().spawn([at, window, to = pool.actor()](caf::event_based_actor* self) {
    for (std::size_t i = 0; i < window; ++i)
      send_next(self, to, at);
  });
  at->finished.get_future().get();
  return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::chrono::nanoseconds down_time(troupe::runtime& rt, int count) {
  troupe::pool pool{rt, {.processes = 1}};
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < count; ++i) {
    const auto hosted = pool.spawn(pid_teller);
    caf::scoped_actor self(rt.system());
    pid_t child = 0;
    self->request(hosted, caf::infinite, std::int32_t{0})
      .receive([&](std::int32_t pid) { child = pid; },
        [&](caf::error& failure) { throw std::runtime_error(caf::to_string(failure)); });
    self->monitor(hosted);
    const auto start = std::chrono::steady_clock::now();
    ::kill(child, SIGKILL);
    self->receive([&](const caf::down_msg&) {
      longest =
        std::max<std::chrono::nanoseconds>(longest, std::chrono::steady_clock::now() - start);
    });
  }
  return longest;
}

} // namespace bench
