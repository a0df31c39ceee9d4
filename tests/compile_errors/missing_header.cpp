// MISTAKE 1 to 5 each lack a header of troupe, and the compiler's message names it. 0 is none, and compiles.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/event_based_actor.hpp>

#include <troupe/pool.hpp>
#include <troupe/queue.hpp>

#include <vector>

namespace {

int square(int x) {
  return x * x;
}

// A coroutine can be a task without it.
boost::asio::awaitable<int> square_soon(int x) {
  co_return x* x;
}

class silent : public caf::event_based_actor {
public:
  using caf::event_based_actor::event_based_actor;
};

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  const int nine = pool.apply(square_soon, 3).get();
  troupe::queue<int> numbers(rt, 1);
  numbers.push(nine);
  static_cast<void>(rt.executor());
#if MISTAKE == 1
  const auto wait = [&]() -> boost::asio::awaitable<int> {
    co_return co_await pool.apply(square, 3);
  };
  static_cast<void>(wait());
#elif MISTAKE == 2
  auto squares = pool.map(square, std::vector{1, 2});
  static_cast<void>(squares.next());
#elif MISTAKE == 3
  static_cast<void>(numbers.async_pop());
#elif MISTAKE == 4
  static_cast<void>(pool.spawn<silent>());
#elif MISTAKE == 5
  rt.run(square_soon(3));
#endif
  return nine - 9;
}
