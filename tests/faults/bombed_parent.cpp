// A program of which a task forks, and each copy too, without end, under a limit of processes. Says what became of it. To be
// run by another user than root, whom that limit does not bind.
#include <troupe/troupe.hpp>

#include <cerrno>
#include <chrono>
#include <iostream>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_processes = 120; // and threads, of this user

int square(int x) {
  return x * x;
}

int square_of_next(const troupe::queue<int>& numbers) {
  return square(numbers.pop().value());
}

[[noreturn]] void fork_without_end(const troupe::queue<int>& failures) {
  const auto original = ::getpid();
  for (bool told = false;;)
    if (::fork() < 0 && ::getpid() == original && !told) {
      told = true;
      failures.push(errno);
    }
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::child_limits limits;
  limits.processes = most_processes;
  troupe::pool pool{rt, {.processes = 2, .limits = limits, .cancel_grace = 1ms}};
  troupe::queue<int> failures{rt, 1};
  troupe::queue<int> numbers{rt, 1};
  auto bomb = pool.apply(fork_without_end, failures);
  auto neighbour = pool.apply(square_of_next, numbers);
  const bool limited = failures.pop() == EAGAIN;
  numbers.push(3);
  std::cout << "its neighbour has " << neighbour.get() << std::endl;
  bomb.cancel();
  try {
    bomb.get();
  } catch (const troupe::task_cancelled&) {
    std::cout << (limited ? "it came to the limit, and was cancelled" : "it was cancelled")
              << std::endl;
  }
  int sum = 0;
  for (const int value : pool.map(square, std::vector<int>(100, 3)))
    sum += value;
  std::cout << "after that: sum " << sum << std::endl;
}
