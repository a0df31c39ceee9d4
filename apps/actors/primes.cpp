// A CAF actor that counts the primes below a number: it asks a pool to count them range by range, and
// adds up what comes back. One range makes its child crash; the actor sees the error and goes on.
#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

struct range {
  int from = 0;
  int to = 0;
};

struct count {
  int from = 0;
  int primes = 0;
};

bool is_prime(int n) {
  for (int divisor = 2; divisor * divisor <= n; ++divisor)
    if (n % divisor == 0)
      return false;
  return n > 1;
}

// Runs in a child. Plain structs are arguments and responses with no code at all.
count count_primes(range in) {
  count result{in.from, 0};
  for (int n = in.from; n < in.to; ++n)
    result.primes += is_prime(n) ? 1 : 0;
  return result;
}

count crash(range) {
  std::abort();
}

struct summing {
  int sum = 0;
  int open = 0;
};

void counter(caf::stateful_actor<summing>* self, const caf::actor& pool, int below, int step) {
  const auto done = [self] {
    if (--self->state.open == 0)
      std::printf("%d primes\n", self->state.sum);
  };
  const auto ask = [=](auto function, range in) {
    ++self->state.open;
    self->request(pool, caf::infinite, troupe::call(function, in))
      .then(
        [=](const count& counted) {
          self->state.sum += counted.primes;
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
