// The state of a queue: items, and who waits.
#include "policy/bounded_queue.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::detail::queue_status;
using troupe::test::for_each_seed;
using troupe::test::random_source;

namespace {

using queue = troupe::policy::bounded_queue<int, int>;
using time_point = queue::time_point;
constexpr auto never = time_point::max();
constexpr time_point start{};

// An operation's end, to be compared.
struct ended {
  int who = 0;
  queue_status what{};
  int item = 0;
  friend bool operator==(const ended&, const ended&) = default;
};

// A queue, and the ends of operations so far that have not been looked at.
class tested_queue {
public:
  explicit tested_queue(std::size_t capacity)
    : state(capacity) {}

  std::vector<ended> push(int who, int item, time_point deadline = never, time_point now = start) {
    state.push(who, item, now, deadline, answers_);
    return take();
  }
  std::vector<ended> pop(int who, time_point deadline = never, time_point now = start) {
    state.pop(who, now, deadline, answers_);
    return take();
  }
  std::vector<ended> close() {
    state.close(answers_);
    return take();
  }
  std::vector<ended> withdraw(int who) {
    state.withdraw(who, answers_);
    return take();
  }
  std::vector<ended> expire(time_point now) {
    state.expire(now, answers_);
    return take();
  }

  queue state;

private:
  std::vector<ended> take() {
    std::vector<ended> result;
    for (const auto& one : answers_)
      result.push_back({one.to, one.what, one.item});
    answers_.clear();
    return result;
  }

  queue::answers answers_;
};

using ends = std::vector<ended>;
constexpr auto done = queue_status::done;

} // namespace

TEST_CASE("a queue gives its items in the order in which they were pushed") {
  tested_queue q(3);
  for (int i = 1; i <= 3; ++i)
    CHECK(q.push(i, 10 * i) == ends{{i, done}});
  for (int i = 1; i <= 3; ++i)
    CHECK(q.pop(i) == ends{{i, done, 10 * i}});
  CHECK(q.state.size() == 0);
}

TEST_CASE("who pushes into a full queue waits until an item is popped, and keeps its turn") {
  tested_queue q(1);
  q.push(1, 10);
  CHECK(q.push(2, 20).empty());
  CHECK(q.push(3, 30).empty());
  CHECK(q.pop(9) == ends{{9, done, 10}, {2, done}});
  CHECK(q.pop(9) == ends{{9, done, 20}, {3, done}});
  CHECK(q.pop(9) == ends{{9, done, 30}});
}

TEST_CASE("who pops from an empty queue waits until an item is pushed, first come first served") {
  tested_queue q(1);
  CHECK(q.pop(1).empty());
  CHECK(q.pop(2).empty());
  CHECK(q.push(8, 80) == ends{{1, done, 80}, {8, done}});
  CHECK(q.push(9, 90) == ends{{2, done, 90}, {9, done}});
  CHECK(q.state.size() == 0);
}

TEST_CASE("a closed queue takes no more, gives what it has, and then says so") {
  tested_queue q(1);
  q.push(1, 10);
  CHECK(q.push(2, 20).empty());
  CHECK(q.close() == ends{{2, queue_status::closed}});
  CHECK(q.close().empty());
  CHECK(q.push(3, 30) == ends{{3, queue_status::closed}});
  CHECK(q.pop(4) == ends{{4, done, 10}});
  CHECK(q.pop(5) == ends{{5, queue_status::closed}});
}

TEST_CASE("closing tells everyone who waits for an item") {
  tested_queue q(1);
  q.pop(1);
  q.pop(2);
  CHECK(q.close() == ends{{1, queue_status::closed}, {2, queue_status::closed}});
  CHECK(q.state.waiting() == 0);
}

TEST_CASE("an operation that may not wait ends at once") {
  tested_queue q(1);
  CHECK(q.pop(1, start) == ends{{1, queue_status::timed_out}});
  CHECK(q.push(2, 20, start) == ends{{2, done}});
  CHECK(q.push(3, 30, start) == ends{{3, queue_status::timed_out}});
  CHECK(q.pop(4, start) == ends{{4, done, 20}});
}

TEST_CASE("waiting ends at its deadline, and not before") {
  tested_queue q(1);
  q.pop(1, start + 20ms);
  q.pop(2, start + 10ms);
  q.pop(3);
  CHECK(q.state.next_deadline() == start + 10ms);
  CHECK(q.expire(start + 9ms).empty());
  CHECK(q.expire(start + 10ms) == ends{{2, queue_status::timed_out}});
  CHECK(q.expire(start + 1h) == ends{{1, queue_status::timed_out}});
  CHECK_FALSE(q.state.next_deadline());
  CHECK(q.push(9, 90) == ends{{3, done, 90}, {9, done}});
}

TEST_CASE("a withdrawn pop takes no item, and a withdrawn push leaves none") {
  tested_queue q(1);
  q.pop(1);
  CHECK(q.withdraw(1) == ends{{1, queue_status::withdrawn}});
  CHECK(q.withdraw(1).empty());
  CHECK(q.push(2, 20) == ends{{2, done}});
  q.push(3, 30, start + 1ms);
  CHECK(q.withdraw(3) == ends{{3, queue_status::withdrawn}});
  CHECK_FALSE(q.state.next_deadline());
  CHECK(q.pop(4) == ends{{4, done, 20}});
  CHECK(q.pop(5).empty());
}

TEST_CASE("a queue loses, invents and reorders nothing, and answers each exactly once") {
  for_each_seed(50, [](random_source& random) {
    const auto capacity = 1 + random.below(4);
    tested_queue q(capacity);
    std::map<int, int> pushing; // who has not been answered, and with what
    std::set<int> popping;
    std::vector<int> pushed; // in the order of the operations, unless they failed
    std::vector<int> popped;
    std::set<int> failed;
    int next = 0;
    time_point now = start;
    bool sound = true;
    bool fair = true;
    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(random.below(3));
      const auto deadline =
        random.one_in(2) ? never : now + std::chrono::milliseconds(random.below(6));
      const int who = ++next;
      ends got;
      switch (random.below(step < 390 ? 6 : 7)) {
      case 0:
      case 1:
        pushing[who] = who;
        pushed.push_back(who);
        got = q.push(who, who, deadline, now);
        break;
      case 2:
      case 3:
        popping.insert(who);
        got = q.pop(who, deadline, now);
        break;
      case 4:
        got = q.withdraw(static_cast<int>(1 + random.below(static_cast<std::size_t>(next))));
        break;
      case 5:
        got = q.expire(now);
        break;
      case 6:
        got = q.close();
        break;
      }
      for (const auto& one : got) {
        if (popping.erase(one.who) > 0) {
          if (one.what == done)
            popped.push_back(one.item);
        } else {
          sound = sound && pushing.erase(one.who) > 0;
          if (one.what != done)
            failed.insert(one.who);
        }
      }
      sound =
        sound && q.state.size() <= capacity && q.state.waiting() == pushing.size() + popping.size();
      fair = fair && (q.state.size() == 0 || popping.empty());
    }
    std::erase_if(
      pushed, [&](int item) { return failed.contains(item) || pushing.contains(item); });
    while (true) {
      const auto rest = q.pop(++next, now, now);
      if (rest.front().what != done)
        break;
      popped.push_back(rest.front().item);
      for (std::size_t i = 1; i < rest.size(); ++i)
        pushed.push_back(rest[i].who);
    }
    CHECK(sound);
    CHECK(fair);
    CHECK(popped == pushed);
  });
}

namespace {

// Items of which the size counts.
using sized_queue = troupe::policy::bounded_queue<int, std::string>;

std::vector<int> who_ended(sized_queue::answers&& answers) {
  std::vector<int> all;
  for (const auto& one : answers)
    all.push_back(one.to);
  return all;
}

std::vector<int> pushed(sized_queue& q, int who, std::size_t size, time_point deadline = never) {
  sized_queue::answers out;
  q.push(who, std::string(size, 'x'), start, deadline, out);
  return who_ended(std::move(out));
}

std::vector<int> popped(sized_queue& q, int who) {
  sized_queue::answers out;
  q.pop(who, start, never, out);
  return who_ended(std::move(out));
}

} // namespace

TEST_CASE(
  "a queue whose items have as many bytes as it may hold is full, and an empty one never is") {
  sized_queue q(100, 10);
  CHECK(pushed(q, 1, 25) == std::vector{1});
  CHECK(pushed(q, 2, 1).empty());
  CHECK(popped(q, 8) == std::vector{8, 2});
  CHECK(pushed(q, 3, 9) == std::vector{3});
  CHECK(pushed(q, 4, 1).empty());
}

TEST_CASE("a small item does not overtake a large one that waits for room") {
  sized_queue q(100, 10);
  pushed(q, 1, 6);
  CHECK(pushed(q, 2, 5).empty());
  CHECK(pushed(q, 3, 1).empty());
  CHECK(popped(q, 8) == std::vector{8, 2, 3});
}

TEST_CASE("small items enter when the large one before them waits no more") {
  sized_queue q(100, 10);
  pushed(q, 1, 6);
  CHECK(pushed(q, 2, 5).empty());
  CHECK(pushed(q, 3, 1).empty());
  CHECK(pushed(q, 4, 2, start + 1ms).empty());
  sized_queue::answers out;
  q.withdraw(2, out);
  CHECK(who_ended(std::move(out)) == std::vector{2, 3, 4});
}

TEST_CASE("a queue that is abandoned names everyone who waits") {
  sized_queue q(1);
  pushed(q, 1, 1);
  pushed(q, 2, 1);
  pushed(q, 3, 1, start + 1ms);
  std::vector<int> waiting;
  q.abandon([&](int who) { waiting.push_back(who); });
  CHECK(waiting == std::vector{2, 3});
  CHECK(q.waiting() == 0);
}
