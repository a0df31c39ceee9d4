// Operations of troupe take any completion token of Asio, and do with it what Asio's own do.
#include "asio/functions.hpp"
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <boost/asio.hpp>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace asio = boost::asio;
using namespace troupe::test;

template <>
struct troupe::codec<celsius> {
  static void encode(troupe::encoder& out, const celsius& value) { out(value.degrees()); }
  static celsius decode(troupe::decoder& in) { return celsius(in.make<int>()); }
};

namespace {

struct tokens {
  troupe::pool pool{rt(), {.processes = 1}};

  auto good() { return pool.apply(no_seven, 3); }
  auto bad() { return pool.apply(no_seven, 7); }
  auto bad_nothing() { return pool.apply(nothing_unless_seven, 7); }
};

// Collects what a callback is given.
template <class T>
struct received {
  std::promise<std::pair<std::exception_ptr, T>> promise;

  auto callback() {
    return [this](std::exception_ptr error, T value) {
      promise.set_value({std::move(error), std::move(value)});
    };
  }
  auto get() { return promise.get_future().get(); }
};

} // namespace

TEST_CASE_METHOD(tokens, "use_awaitable gives the value of a task, or throws its exception") {
  rt().run([&]() -> asio::awaitable<void> {
    const auto result1 = co_await good()(asio::use_awaitable);
    CHECK(result1 == 3);
    bool thrown = false;
    try {
      co_await bad()(asio::use_awaitable);
    } catch (const std::out_of_range& e) {
      thrown = std::string(e.what()) == "seven";
    }
    CHECK(thrown);
    thrown = false;
    try {
      co_await bad_nothing()(asio::use_awaitable);
    } catch (const std::out_of_range&) {
      thrown = true;
    }
    CHECK(thrown);
  });
}

TEST_CASE_METHOD(tokens, "use_future gives the value of a task, or throws its exception") {
  CHECK(good()(asio::use_future).get() == 3);
  CHECK_THROWS_AS(bad()(asio::use_future).get(), std::out_of_range);
  CHECK_NOTHROW(pool.apply(nothing_unless_seven, 3)(asio::use_future).get());
  CHECK_THROWS_AS(bad_nothing()(asio::use_future).get(), std::out_of_range);
}

TEST_CASE_METHOD(tokens, "a future of what is done already starts no threads") {
  auto done = good();
  auto failed = bad();
  done.wait();
  failed.wait();
  const auto threads = thread_count(::getpid());
  CHECK(done(asio::use_future).get() == 3);
  CHECK_THROWS_AS(failed(asio::use_future).get(), std::out_of_range);
  CHECK(thread_count(::getpid()) == threads);
}

TEST_CASE_METHOD(tokens, "a thread pool waits for the handler of what is done already") {
  auto done = good();
  done.wait();
  asio::thread_pool threads(1);
  int value = 0;
  bool on_its_thread = false;
  done(asio::bind_executor(threads, [&](const std::exception_ptr&, int result) {
    value = result;
    on_its_thread = threads.get_executor().running_in_this_thread();
  }));
  threads.join();
  CHECK(value == 3);
  CHECK(on_its_thread);
}

TEST_CASE_METHOD(tokens, "a deferred wait begins when it is awaited") {
  rt().run([&]() -> asio::awaitable<void> {
    auto later = good()(asio::deferred);
    const auto result2 = co_await std::move(later);
    CHECK(result2 == 3);
    auto failing = bad()(asio::deferred);
    bool thrown = false;
    try {
      co_await std::move(failing);
    } catch (const std::out_of_range&) {
      thrown = true;
    }
    CHECK(thrown);
  });
}

TEST_CASE_METHOD(tokens, "as_tuple gives the exception beside the value") {
  rt().run([&]() -> asio::awaitable<void> {
    const auto [no_error, value] = co_await good()(asio::as_tuple(asio::use_awaitable));
    CHECK_FALSE(no_error);
    CHECK(value == 3);
    const auto [error, none] = co_await bad()(asio::as_tuple(asio::use_awaitable));
    CHECK_THROWS_AS(std::rethrow_exception(error), std::out_of_range);
    CHECK(none == 0);
  });
}

TEST_CASE_METHOD(tokens, "a callback gets the exception or the value, on the event loop") {
  received<int> first;
  good()(first.callback());
  const auto [no_error, value] = first.get();
  CHECK_FALSE(no_error);
  CHECK(value == 3);
  received<int> second;
  bad()(second.callback());
  CHECK_THROWS_AS(std::rethrow_exception(second.get().first), std::out_of_range);

  std::promise<std::thread::id> of_loop;
  asio::post(rt().executor(), [&] { of_loop.set_value(std::this_thread::get_id()); });
  const auto loop_thread = of_loop.get_future().get();
  auto done = good();
  done.wait();
  std::promise<std::thread::id> of_callback;
  done([&](std::exception_ptr, int) { of_callback.set_value(std::this_thread::get_id()); });
  CHECK(of_callback.get_future().get() == loop_thread);
}

TEST_CASE_METHOD(tokens, "a callback that is bound to an executor is called there") {
  asio::io_context other;
  const auto here = std::this_thread::get_id();
  bool called_here = false;
  int result = 0;
  auto wait = [&](auto operation) {
    auto work = asio::make_work_guard(other);
    operation(asio::bind_executor(
      other, [&, work = std::move(work)](std::exception_ptr, int value) mutable {
        called_here = std::this_thread::get_id() == here;
        result = value;
        work.reset();
      }));
    other.restart();
    other.run();
  };
  wait(good());
  CHECK(called_here);
  CHECK(result == 3);
  auto done = good();
  done.wait();
  called_here = false;
  wait(std::move(done));
  CHECK(called_here);
}

TEST_CASE_METHOD(
  tokens, "a value without a default constructor can be awaited, and so can its failure") {
  rt().run([&]() -> asio::awaitable<void> {
    const auto result3 = co_await pool.apply(measure, 21);
    CHECK(result3.degrees() == 21);
    auto named = pool.apply(measure, 22);
    const auto result4 = co_await named;
    CHECK(result4.degrees() == 22);
    const auto result5 = co_await pool.apply(measure, 23)(asio::use_awaitable);
    CHECK(result5.degrees() == 23);
    int thrown = 0;
    try {
      co_await pool.apply(measure, 7);
    } catch (const std::out_of_range&) {
      ++thrown;
    }
    try {
      co_await pool.apply(measure, 7)(asio::use_awaitable);
    } catch (const std::out_of_range&) {
      ++thrown;
    }
    CHECK(thrown == 2);
  });
}

TEST_CASE_METHOD(tokens, "a whole map takes any completion token, also if it is a temporary") {
  const std::vector<int> good_items{1, 2, 3};
  const std::vector<int> bad_items{1, 7, 3};
  CHECK(pool.map(no_seven, good_items)(asio::use_future).get() == good_items);
  CHECK_THROWS_AS(pool.map(no_seven, bad_items)(asio::use_future).get(), std::out_of_range);
  received<std::vector<int>> all;
  pool.map(no_seven, good_items)(all.callback());
  CHECK(all.get().second == good_items);
  rt().run([&]() -> asio::awaitable<void> {
    const auto result6 = co_await pool.map(no_seven, good_items);
    CHECK(result6 == good_items);
    auto named = pool.map(no_seven, good_items);
    const auto result7 = co_await named;
    CHECK(result7 == good_items);
    const auto result8 = co_await pool.map(no_seven, good_items)(asio::deferred);
    CHECK(result8 == good_items);
    const auto [error, none] =
      co_await pool.map(no_seven, bad_items)(asio::as_tuple(asio::use_awaitable));
    CHECK_THROWS_AS(std::rethrow_exception(error), std::out_of_range);
    CHECK(none.empty());
  });
}

TEST_CASE("processes and workers take any completion token") {
  troupe::worker good{rt(), troupe::call(no_seven, 3)};
  CHECK(good(asio::use_future).get() == 3);
  troupe::worker bad{rt(), troupe::call(no_seven, 7)};
  CHECK_THROWS_AS(bad(asio::use_future).get(), std::out_of_range);
  troupe::process plain{rt(), troupe::call(no_seven, 3)};
  CHECK_NOTHROW(plain(asio::use_future).get());
  troupe::process started{rt(), troupe::call(no_seven, 3)};
  CHECK_NOTHROW(started.async_start()(asio::use_future).get());
  CHECK(started.pid() > 0);
  started.join();
  rt().run([&]() -> asio::awaitable<void> {
    troupe::worker another{rt(), troupe::call(no_seven, 7)};
    const auto [error, none] = co_await another(asio::as_tuple(asio::use_awaitable));
    CHECK_THROWS_AS(std::rethrow_exception(error), std::out_of_range);
    CHECK(none == 0);
  });
}
