// Tasks that submit tasks: what may be started while they wait, and in which order.
#include "policy/admission.hpp"
#include "policy/dispatcher.hpp"
#include "policy/lending.hpp"
#include "policy/nested_tasks.hpp"
#include "support/seeded.hpp"
#include "values/failure_codec.hpp"
#include "values/late_stack.hpp"

#include <troupe/errors.hpp>
#include <troupe/proxy_exception.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

using namespace troupe::policy;
using troupe::detail::call_kind;
using troupe::detail::decode_failure;
using troupe::detail::encode_failure;
using troupe::detail::view;
namespace limits = troupe::limits;

namespace {

constexpr dispatcher::clock::time_point now{};
constexpr auto all_open = [](task_key) { return true; };

// What a failure is after it has crossed to a child.
template <class Error>
std::exception_ptr crossed(const Error& error) {
  return decode_failure(view(encode_failure(std::make_exception_ptr(error))));
}

} // namespace

TEST_CASE("while few functions wait, anything may be started on top of them") {
  lending lent;
  for (std::uint64_t i = 1; i < limits::lent_functions; ++i)
    lent.lend(i, call_kind::plain, 5, i);
  CHECK(lent.floor(call_kind::plain) == 0);
}

TEST_CASE("on top of many waiting functions only those start that are nested more deeply") {
  lending lent;
  for (std::uint32_t i = 1; i <= limits::lent_functions; ++i)
    lent.lend(i, call_kind::plain, i, i);
  CHECK(lent.floor(call_kind::plain) == limits::lent_functions + 1);
  CHECK(lent.floor(call_kind::coroutine) == 0);
  CHECK(lent.reclaim(limits::lent_functions));
  CHECK_FALSE(lent.reclaim(limits::lent_functions));
  CHECK(lent.floor(call_kind::plain) == 0);
}

TEST_CASE("what counts is the start of a task, not when it began to wait") {
  lending lent;
  for (std::uint64_t i = 1; i <= limits::lent_concurrent_tasks; ++i)
    lent.lend(i, call_kind::coroutine, 7, i + 10);
  lent.lend(0, call_kind::blocking, 100, 1);
  CHECK(lent.floor(call_kind::blocking) == 8);
}

TEST_CASE("nested tasks leave deepest first, and those of one depth in order") {
  nested_tasks<int> tasks;
  tasks.push(1, 1);
  tasks.push(2, 2);
  tasks.push(3, 1);
  tasks.push(4, 2);
  std::vector<int> taken;
  std::size_t dropped = 0;
  const auto take = [&](int task, std::uint32_t) {
    taken.push_back(task);
    return true;
  };
  while (tasks.take_first([](int task) { return task != 4; }, take, dropped)) {
  }
  CHECK(taken == std::vector<int>{2, 1, 3});
  CHECK(dropped == 1);
  CHECK(tasks.empty());
}

TEST_CASE("a depth whose first task is not wanted does not hide the next one") {
  nested_tasks<int> tasks;
  tasks.push(1, 1);
  tasks.push(2, 2);
  std::size_t dropped = 0;
  CHECK(
    tasks.take_first([](int) { return true; }, [](int task, auto) { return task == 1; }, dropped));
  CHECK(tasks.size() == 1);
}

TEST_CASE("a child starts nested tasks before others, and the deepest first") {
  admission<int> tasks(10);
  tasks.push(1);
  tasks.push(2, call_kind::plain, 1);
  tasks.push(3, call_kind::plain, 2);
  tasks.push(4, call_kind::plain, 2);
  tasks.push(5);
  std::vector<int> order;
  while (tasks.can_start())
    order.push_back(tasks.take());
  CHECK(order == std::vector<int>{3, 4, 2, 1, 5});
}

TEST_CASE("a task that lends its place lets another one start") {
  admission<int> tasks(1);
  tasks.push(1);
  tasks.push(2);
  CHECK(tasks.take() == 1);
  CHECK_FALSE(tasks.can_start());
  tasks.lend(1, call_kind::plain, 0, 1);
  CHECK(tasks.take() == 2);
  tasks.reclaim(1);
  CHECK(tasks.active() == 2);
  tasks.finished();
  tasks.finished();
  CHECK(tasks.lent() == 0);
}

TEST_CASE("above many waiting functions a child passes over what may not start") {
  admission<int> tasks(100);
  for (std::uint32_t i = 1; i <= limits::lent_functions; ++i) {
    tasks.push(static_cast<int>(i));
    tasks.take();
    tasks.lend(i, call_kind::plain, 3, i);
  }
  tasks.push(100, call_kind::plain, 3);
  CHECK_FALSE(tasks.can_start());
  tasks.push(101, call_kind::coroutine, 0);
  CHECK(tasks.take() == 101);
  tasks.push(102, call_kind::plain, 4);
  CHECK(tasks.take() == 102);
  CHECK_FALSE(tasks.can_start());
  tasks.reclaim(limits::lent_functions);
  CHECK(tasks.take() == 100);
}

TEST_CASE("a lent place is room for another task, and the child is not idle") {
  dispatcher d(1, 1);
  d.add_child(0, 0, 3, now);
  d.enqueue({0, 1}, call_kind::coroutine, 0);
  d.enqueue({1, 2}, call_kind::coroutine, 0);
  d.enqueue({2, 3}, call_kind::coroutine, 0);
  CHECK(d.next_assignment(all_open)->task.id == 1);
  CHECK(d.next_assignment(all_open)->task.id == 2); // ahead of its turn
  CHECK_FALSE(d.next_assignment(all_open));
  d.lend(0, 1, call_kind::coroutine, 0, 1, now);
  CHECK(d.owed_by(0) == 2);
  CHECK(d.next_assignment(all_open)->task.id == 3);
  d.ended(0, call_kind::coroutine, {}, now);
  d.ended(0, call_kind::coroutine, {}, now);
  CHECK(d.owed_by(0) == 1);
  d.reclaim(0, 1, call_kind::coroutine, now);
  d.ended(0, call_kind::coroutine, {}, now);
  CHECK(d.owed_by(0) == 0);
}

TEST_CASE("nested tasks are sent before others") {
  dispatcher d(1, 16);
  d.enqueue({0, 1}, call_kind::coroutine, 0);
  d.enqueue_nested({1, 2}, call_kind::coroutine, 1, 0);
  d.enqueue_nested({2, 3}, call_kind::coroutine, 2, 0);
  CHECK(d.depth(0) == 3);
  d.add_child(0, 0, dispatcher::unlimited, now);
  CHECK(d.next_assignment(all_open)->task.id == 3);
  CHECK(d.next_assignment(all_open)->task.id == 2);
  CHECK(d.next_assignment(all_open)->task.id == 1);
  CHECK_FALSE(d.next_assignment(all_open));
}

TEST_CASE("nested tasks that were closed meanwhile are dropped") {
  dispatcher d(1, 16);
  d.add_child(0, 0, dispatcher::unlimited, now);
  d.enqueue_nested({1, 2}, call_kind::plain, 1, 0);
  CHECK_FALSE(d.next_assignment([](task_key) { return false; }));
  CHECK(d.depth(0) == 0);
}

TEST_CASE("a child under many waiting functions is sent what it may start, and nothing else") {
  dispatcher d(1, 100);
  d.add_child(0, 0, dispatcher::unlimited, now);
  for (std::uint32_t i = 1; i <= limits::lent_functions; ++i) {
    d.enqueue({i, i}, call_kind::plain, 0);
    CHECK(d.next_assignment(all_open)->task.id == i);
    d.lend(0, i, call_kind::plain, 2, i, now);
  }
  CHECK(d.nesting_floor(0, call_kind::plain) == 3);
  d.enqueue({100, 100}, call_kind::plain, 0);
  d.enqueue_nested({101, 101}, call_kind::plain, 2, 0);
  CHECK_FALSE(d.next_assignment(all_open));
  d.enqueue_nested({102, 102}, call_kind::plain, 3, 0);
  CHECK(d.next_assignment(all_open)->task.id == 102);
  CHECK_FALSE(d.next_assignment(all_open));
}

TEST_CASE("errors of troupe cross to a child as what they are") {
  try {
    std::rethrow_exception(crossed(troupe::task_cancelled("task 3 was cancelled")));
    FAIL("nothing was thrown");
  } catch (const troupe::task_cancelled& e) {
    CHECK(e.what() == std::string("task 3 was cancelled"));
  }
  CHECK_THROWS_AS(std::rethrow_exception(crossed(troupe::pool_closed("x"))), troupe::pool_closed);
  CHECK_THROWS_AS(std::rethrow_exception(crossed(troupe::start_failed("x"))), troupe::start_failed);
  CHECK_THROWS_AS(std::rethrow_exception(crossed(troupe::error("x"))), troupe::error);
}

TEST_CASE("the loss of a child crosses with all that is known of it") {
  troupe::child_exit exit;
  exit.pid = 77;
  exit.slot = 2;
  exit.signal = 11;
  exit.reason = "why";
  exit.frames = {{0, 5}, {1, 6}};
  exit.stderr_tail = "first\nassertion failed";
  exit.address = 0x48;
  exit.stack_overflow = true;
  exit.thread = 78;
  exit.thread_name = "resizer";
  exit.message = "free(): invalid pointer";
  exit.hint = "a guess";
  const troupe::child_lost lost(4, exit, true, {4}, "resize");
  CHECK(lost.what() ==
        std::string("task 4 (resize) is lost: child 2 (pid 77) was ended by signal 11 (SIGSEGV, "
                    "Segmentation fault) by a stack overflow in thread 78 (resizer) (why) while it "
                    "ran this task; it said: free(): invalid pointer"));
  try {
    std::rethrow_exception(crossed(lost));
    FAIL("nothing was thrown");
  } catch (const troupe::child_lost& e) {
    CHECK(e.what() == std::string(lost.what()));
    CHECK(e.pid() == 77);
    CHECK(e.signal() == 11);
    CHECK(e.culprit());
    CHECK(e.suspects() == std::vector<troupe::task_id>{4});
    CHECK(e.exit().frames == exit.frames);
    CHECK(e.exit().address == exit.address);
    CHECK(e.exit().stack_overflow);
    CHECK(e.exit().thread == 78);
    CHECK(e.exit().thread_name == "resizer");
    CHECK(e.exit().message == "free(): invalid pointer");
    CHECK(e.exit().hint == "a guess");
    CHECK(e.stderr_tail() == exit.stderr_tail);
  }
}

TEST_CASE("what a child is said to have died of has its last line on stderr if nothing else") {
  troupe::child_exit exit;
  exit.pid = 77;
  exit.signal = 9;
  exit.hint = "possibly out of memory";
  exit.stderr_tail = "first\nassertion failed\n";
  CHECK(exit.describe() == "was ended by signal 9 (SIGKILL, Killed) (possibly out of memory)");
  CHECK(exit.last_words() == "; its last line on stderr: assertion failed");
}

TEST_CASE("a task that was stopped crosses with the stack of where it was") {
  const std::vector<troupe::code_location> stack{{0, 5}, {1, 6}};
  const troupe::task_timeout late(
    "too late", std::make_shared<const troupe::detail::late_stack>(stack));
  try {
    std::rethrow_exception(crossed(late));
    FAIL("nothing was thrown");
  } catch (const troupe::task_timeout& e) {
    CHECK(e.what() == std::string("too late"));
    CHECK(e.stack() == stack);
  }
  CHECK_THROWS_AS(
    std::rethrow_exception(crossed(troupe::task_cancelled("away"))), troupe::task_cancelled);
}

TEST_CASE("foreign errors cross as proxies of the nearest type, with what is nested in ours") {
  CHECK_THROWS_AS(std::rethrow_exception(crossed(std::out_of_range("no"))), std::out_of_range);
  std::exception_ptr nested;
  try {
    try {
      throw std::invalid_argument("cause");
    } catch (...) {
      std::throw_with_nested(troupe::start_failed("effect"));
    }
  } catch (...) {
    nested = decode_failure(view(encode_failure(std::current_exception())));
  }
  try {
    std::rethrow_exception(nested);
  } catch (const troupe::start_failed& e) {
    CHECK_THROWS_AS(std::rethrow_if_nested(e), std::invalid_argument);
  }
}

TEST_CASE("whatever bytes stand for a failure, it is an error") {
  troupe::test::for_each_seed(500, [](troupe::test::random_source& random) {
    const auto bytes = troupe::test::random_bytes(random, random.below(64));
    CHECK(decode_failure(bytes) != nullptr);
  });
}
