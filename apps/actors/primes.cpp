// A CAF actor that counts the primes below a number: it asks a pool to count them range by range, and
// adds up what comes back. One range makes its child crash; the actor sees the error and goes on.
#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

struct range {
  int from = 0;
  int to = 0;
};

bool is_prime(int n) {
  for (int divisor = 2; divisor * divisor <= n; ++divisor)
    if (n % divisor == 0)
      return false;
  return n > 1;
}

// Runs in a child. Plain structs are arguments with no code at all.
int count_primes(range in) {
  int primes = 0;
  for (int n = in.from; n < in.to; ++n)
    primes += is_prime(n) ? 1 : 0;
  return primes;
}

int crash(range) {
  std::abort();
}

struct summing {
  int sum = 0;
  int open = 0;
};

void counter(caf::event_based_actor* self, const caf::actor& pool, int below, int step) {
  const auto state = std::make_shared<summing>();
  const auto done = [state] {
    if (--state->open == 0)
      std::printf("%d primes\n", state->sum);
  };
  const auto ask = [=](auto function, range in) {
    ++state->open;
    self->request(pool, caf::infinite, troupe::call(function, in))
      .then(
        [=](int primes) {
          state->sum += primes;
          done();
        },
        [=](caf::error& failure) {
          if (failure == troupe::task_error::lost)
            std::printf("a task was lost with its child\n");
          else
            std::printf("failed: %s\n", troupe::message_of(failure).c_str());
          done();
        });
  };
  for (int from = 0; from < below; from += step)
    ask(count_primes, {from, std::min(from + step, below)});
  ask(crash, {});
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2}};
  const auto counting = rt.system().spawn(counter, pool.actor(), 100'000, 10'000);
  caf::scoped_actor self{rt.system()};
  self->wait_for(counting); // it ends when no response is left to come
  return 0;
}
