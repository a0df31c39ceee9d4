// Who owes what: the ledger of tasks, the cells of a child, and what a child has accepted.
#include "link/cell_table.hpp"
#include "policy/admission.hpp"
#include "policy/cell_book.hpp"
#include "policy/task_ledger.hpp"
#include "support/seeded.hpp"

#include <deque>
#include <map>
#include <set>
#include <thread>
#include <vector>

using namespace troupe::policy;
using troupe::link::cell_record;
using troupe::link::cell_table;
using troupe::test::for_each_seed;
using troupe::test::random_source;

namespace {

using place = task_ledger::place;

troupe::detail::task_ptr new_task() {
  return troupe::detail::task_ptr(
    new troupe::detail::task_state(troupe::detail::call_code{}, troupe::detail::bytes{}));
}

// The obvious ledger.
struct model_entry {
  task_key key;
  place where = place::queued;
  std::uint32_t seat = 0;
  std::uint32_t cell = 0;
  std::uint32_t attempt = 0;
};

class ledger_against_model {
public:
  explicit ledger_against_model(random_source& random)
    : random_(random) {}

  void step() {
    switch (random_.below(5)) {
    case 0:
    case 1: {
      const auto key = ledger_.open(new_task());
      model_[key.id] = {key};
      ++opened_;
      break;
    }
    case 2:
      if (auto* entry = any(place::queued)) {
        entry->where = place::in_child;
        entry->seat = static_cast<std::uint32_t>(random_.below(8));
        entry->cell = static_cast<std::uint32_t>(random_.below(64));
        ++entry->attempt;
        ledger_.assign(entry->key, entry->seat, entry->cell);
      }
      break;
    case 3:
      if (auto* entry = any(place::in_child)) {
        const bool started = random_.one_in(2);
        entry->where = place::queued;
        entry->attempt -= started ? 0 : 1;
        ledger_.put_back(entry->key, started);
      }
      break;
    case 4:
      if (auto* entry = any(random_.one_in(2) ? place::queued : place::in_child)) {
        const auto key = entry->key;
        const auto task = ledger_.close(key);
        as_modelled_ = as_modelled_ && task && task->id == key.id;
        closed_.push_back(key);
        model_.erase(key.id);
      }
      break;
    }
  }

  bool as_modelled() {
    std::size_t queued = 0;
    for (const auto& [id, expected] : model_) {
      const auto* entry = ledger_.find(expected.key);
      queued += expected.where == place::queued;
      if (entry == nullptr || entry->id != id || entry->where != expected.where ||
          entry->attempt != expected.attempt || entry->task->id != id ||
          (entry->where == place::in_child &&
            (entry->seat != expected.seat || entry->cell != expected.cell)))
        return false;
    }
    for (const auto& key : closed_)
      if (ledger_.find(key) != nullptr || ledger_.close(key) != nullptr)
        return false;
    return as_modelled_ && ledger_.opened() == opened_ && ledger_.open_count() == model_.size() &&
           ledger_.queued_count() == queued && ledger_.in_child_count() == model_.size() - queued;
  }

  std::set<std::uint64_t> open_ids_by_model() const {
    std::set<std::uint64_t> ids;
    for (const auto& entry : model_)
      ids.insert(entry.first);
    return ids;
  }

  task_ledger& ledger() { return ledger_; }

private:
  model_entry* any(place where) {
    std::vector<model_entry*> candidates;
    for (auto& entry : model_)
      if (entry.second.where == where)
        candidates.push_back(&entry.second);
    return candidates.empty() ? nullptr : random_.pick(candidates);
  }

  random_source& random_;
  task_ledger ledger_;
  std::map<std::uint64_t, model_entry> model_;
  std::vector<task_key> closed_;
  std::uint64_t opened_ = 0;
  bool as_modelled_ = true;
};

} // namespace

TEST_CASE("a ledger numbers tasks from 1 and tells them their place") {
  task_ledger ledger;
  const auto task = new_task();
  const auto key = ledger.open(task);
  CHECK(key.id == 1);
  CHECK(ledger.open(new_task()).id == 2);
  CHECK(task->id == key.id);
  CHECK(task->ledger_index == key.index);
  CHECK(ledger.opened() == 2);
}

TEST_CASE("a task is queued, then in a child, then closed, and counted in one place at a time") {
  task_ledger ledger;
  const auto key = ledger.open(new_task());
  CHECK(ledger.queued_count() == 1);
  ledger.assign(key, 3, 17);
  CHECK(ledger.queued_count() == 0);
  CHECK(ledger.in_child_count() == 1);
  CHECK(ledger.find(key)->seat == 3);
  CHECK(ledger.find(key)->cell == 17);
  CHECK(ledger.close(key) != nullptr);
  CHECK(ledger.open_count() == 0);
}

TEST_CASE("a task is closed exactly once") {
  task_ledger ledger;
  const auto key = ledger.open(new_task());
  CHECK(ledger.close(key) != nullptr);
  CHECK(ledger.close(key) == nullptr);
  CHECK(ledger.find(key) == nullptr);
}

TEST_CASE("the key of a closed task does not name the next task at its index") {
  task_ledger ledger;
  const auto old = ledger.open(new_task());
  ledger.close(old);
  const auto reused = ledger.open(new_task());
  REQUIRE(reused.index == old.index);
  CHECK(ledger.find(old) == nullptr);
  CHECK(ledger.close(old) == nullptr);
  CHECK(ledger.find(reused) != nullptr);
  CHECK(ledger.find({reused.index + 1, reused.id}) == nullptr);
  CHECK(ledger.find({}) == nullptr);
}

TEST_CASE("an attempt counts only if the task was started") {
  task_ledger ledger;
  const auto key = ledger.open(new_task());
  ledger.assign(key, 0, 0);
  ledger.put_back(key, false);
  CHECK(ledger.find(key)->attempt == 0);
  ledger.assign(key, 0, 0);
  ledger.put_back(key, true);
  CHECK(ledger.find(key)->attempt == 1);
  ledger.assign(key, 0, 0);
  CHECK(ledger.find(key)->attempt == 2);
}

TEST_CASE("a visitor of the open tasks sees each once and may close it") {
  task_ledger ledger;
  std::set<std::uint64_t> expected;
  for (int i = 0; i < 10; ++i)
    expected.insert(ledger.open(new_task()).id);
  std::multiset<std::uint64_t> seen;
  ledger.for_each_open([&](task_key key) {
    seen.insert(key.id);
    ledger.close(key);
  });
  CHECK(seen == std::multiset<std::uint64_t>(expected.begin(), expected.end()));
  CHECK(ledger.open_count() == 0);
}

TEST_CASE("a ledger behaves like a map of tasks under random operations") {
  for_each_seed(20, [](random_source& random) {
    ledger_against_model both(random);
    for (int step = 0; step < 400; ++step) {
      both.step();
      if (step % 20 == 0)
        REQUIRE(both.as_modelled());
    }
    std::set<std::uint64_t> open;
    both.ledger().for_each_open([&](task_key key) { open.insert(key.id); });
    CHECK(open == both.open_ids_by_model());
  });
}

TEST_CASE("the cell that was released last is taken first") {
  cell_book book(4);
  for (std::uint32_t i = 0; i < 4; ++i)
    CHECK(book.take({i, i + 1}) == i);
  book.release(2);
  book.release(0);
  book.release(3);
  CHECK(book.used() == 1);
  CHECK(book.take({9, 10}) == 3);
  CHECK(book.take({9, 11}) == 0);
  CHECK(book.take({9, 12}) == 2);
  CHECK(book.at(1) == task_key{1, 2});
  CHECK(book.at(3) == task_key{9, 10});
}

TEST_CASE("a cell that is free or does not exist has no task") {
  cell_book book(2);
  CHECK(book.at(0).id == 0);
  CHECK(book.at(2).id == 0);
  CHECK(book.at(0xffffffff).id == 0);
  book.release(book.take({5, 6}));
  CHECK(book.at(0).id == 0);
}

TEST_CASE("cells are last in, first out under random operations") {
  for_each_seed(20, [](random_source& random) {
    const auto size = static_cast<std::uint32_t>(1 + random.below(9));
    cell_book book(size);
    std::deque<std::uint32_t> free;
    std::vector<std::uint32_t> used;
    for (std::uint32_t cell = 0; cell < size; ++cell)
      free.push_back(cell);
    bool same = true;
    for (std::uint64_t id = 1; id < 300; ++id) {
      if (!free.empty() && random.one_in(2)) {
        const auto cell = book.take({0, id});
        same = same && cell == free.front() && book.at(cell).id == id;
        free.pop_front();
        used.push_back(cell);
      } else if (!used.empty()) {
        const auto which = random.below(used.size());
        book.release(used[which]);
        free.push_front(used[which]);
        used.erase(used.begin() + static_cast<std::ptrdiff_t>(which));
      }
      same = same && book.used() == used.size();
    }
    CHECK(same);
  });
}

TEST_CASE("a queued task is either started or taken back, and only once") {
  std::vector<cell_record> records(2);
  cell_table table(records.data(), 2);
  table.put(0, 7);
  CHECK(table.is_unstarted(0, 7));
  CHECK(table.claim(0, 7) == 0);
  CHECK_FALSE(table.is_unstarted(0, 7));
  CHECK(table.close(0, 7) == 1);
  CHECK_FALSE(table.claim(0, 7));
  table.put(1, 8);
  CHECK(table.close(1, 8) == 0);
  CHECK(table.is_unstarted(1, 8));
  CHECK_FALSE(table.claim(1, 8));
}

TEST_CASE("the items of a batch are claimed one after another, until the cell is closed") {
  std::vector<cell_record> records(1);
  cell_table table(records.data(), 1);
  table.put(0, 7);
  CHECK(table.claim(0, 7, 4) == 0);
  CHECK(table.claim(0, 7, 4) == 1);
  CHECK(table.close(0, 7) == 2);
  CHECK_FALSE(table.claim(0, 7, 4));
  CHECK(table.close(0, 7) == 2);
  table.put(0, 8);
  for (std::uint32_t item = 0; item < 3; ++item)
    CHECK(table.claim(0, 8, 3) == item);
  CHECK_FALSE(table.claim(0, 8, 3));
  CHECK(table.close(0, 8) == 3);
}

TEST_CASE("a frame of a cell's former task cannot start its present one, nor move its start") {
  std::vector<cell_record> records(1);
  cell_table table(records.data(), 1);
  table.put(0, 7);
  CHECK(table.close(0, 7) == 0);
  table.release(0);
  CHECK_FALSE(table.claim(0, 7));
  table.put(0, 8);
  CHECK_FALSE(table.claim(0, 7));
  CHECK(table.claim(0, 8, 1, 1000));
  CHECK_FALSE(table.claim(0, 7, 1, 9000));
  CHECK(table.started_at(0) == 1000);
  CHECK_FALSE(table.claim(0, 8, 1, 9000));
  CHECK_FALSE(table.claim(0, 7, 1, 9000));
  CHECK(table.started_at(0) == 1000);
}

TEST_CASE("a scribbled cell counts as started, so that its task is not run twice") {
  std::vector<cell_record> records(1);
  cell_table table(records.data(), 1);
  for (std::uint64_t word :
    {0ULL, 7ULL << 19 | 1, 7ULL << 19 | 77, 6ULL << 19, 8ULL << 19, 8ULL << 19 | 1, ~0ULL}) {
    records[0].claim = word;
    CHECK_FALSE(table.is_unstarted(0, 7));
    CHECK(table.close(0, 7) > 0);
  }
}

TEST_CASE("the time of a start and the wish that a task stop are of that task") {
  std::vector<cell_record> records(1);
  cell_table table(records.data(), 1);
  table.put(0, 7);
  CHECK(table.claim(0, 7, 1, 123));
  CHECK(table.started_at(0) == 123);
  CHECK_FALSE(table.is_to_stop(0, 7));
  table.request_stop(0, 7);
  CHECK(table.is_to_stop(0, 7));
  table.release(0);
  table.put(0, 8);
  CHECK_FALSE(table.is_to_stop(0, 8));
}

TEST_CASE("when both sides reach for the items of a task at once, each item gets to one of them") {
  constexpr std::uint32_t size = 2000;
  constexpr std::uint32_t items = 3;
  std::vector<cell_record> records(size);
  cell_table table(records.data(), size);
  for (std::uint32_t cell = 0; cell < size; ++cell)
    table.put(cell, cell + 1);
  std::vector<std::uint32_t> claimed(size);
  std::vector<std::uint32_t> known(size);
  {
    std::jthread child([&] {
      for (std::uint32_t cell = 0; cell < size; ++cell)
        while (table.claim(cell, cell + 1, items))
          ++claimed[cell];
    });
    for (std::uint32_t cell = size; cell-- > 0;)
      known[cell] = table.close(cell, cell + 1);
  }
  CHECK(claimed == known);
}

TEST_CASE("a child starts accepted tasks in order, up to its concurrency") {
  admission<int> tasks(2);
  CHECK_FALSE(tasks.can_start());
  for (int i = 0; i < 4; ++i)
    tasks.push(i);
  CHECK(tasks.take() == 0);
  CHECK(tasks.take() == 1);
  CHECK(tasks.active() == 2);
  CHECK(tasks.waiting() == 2);
  CHECK_FALSE(tasks.can_start());
  tasks.finished();
  CHECK(tasks.take() == 2);
  tasks.finished();
  tasks.finished();
  CHECK(tasks.take() == 3);
  CHECK_FALSE(tasks.can_start());
}
